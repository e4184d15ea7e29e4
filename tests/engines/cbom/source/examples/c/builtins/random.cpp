#include <random>
#include <string>

std::string session() {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    std::mt19937 generator(std::random_device{}()); // finds: weak-random
    std::uniform_int_distribution<int> distribution(0, 25);
    std::string token;
    for (int i = 0; i < 16; ++i)
        token += letters[distribution(generator)];
    return token;
}

std::string other() {
    std::default_random_engine generator; // finds: weak-random
    std::string password;
    password.push_back(char('a' + generator() % 26));
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
