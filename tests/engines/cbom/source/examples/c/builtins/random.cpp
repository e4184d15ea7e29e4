#include <random>
#include <string>

std::string session() {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    std::mt19937 generator(std::random_device{}()); // finds: use:CSPRNG
    std::uniform_int_distribution<int> distribution(0, 25);
    std::string token;
    for (int i = 0; i < 16; ++i)
        token += letters[distribution(generator)]; // finds: weak-random
    return token;
}

std::string other() {
    std::default_random_engine generator;
    std::string password;
    password.push_back(char('a' + generator() % 26)); // finds: weak-random
    return password;
}

int roll() {
    std::mt19937 generator(42);
    std::uniform_int_distribution<int> dice(1, 6);
    return dice(generator);
}

class Session {
  public:
    Session() : token_(rand()) {} // finds: weak-random

  private:
    int token_;
};

std::vector<unsigned char> keyed(std::mt19937 &random) {
    std::vector<unsigned char> key(16);
    std::generate(key.begin(), key.end(), [&random] { return static_cast<unsigned char>(random()); }); // finds: weak-random
    std::vector<unsigned char> nonce(12);
    for (auto &each : nonce)
        each = static_cast<unsigned char>(rand()); // finds: weak-random
    std::vector<int> dice(5);
    std::generate(dice.begin(), dice.end(), [&random] { return random() % 6; });
    return key;
}

std::string csrf_token(std::mt19937_64 &random) {
    std::ostringstream text;
    text << std::hex << random(); // finds: weak-random
    return text.str();
}
