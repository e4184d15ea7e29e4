#include <chrono>
#include <cstdlib>
#include <random>
#include <openssl/evp.h>

std::string session_token() {
    srand(time(NULL)); // finds: static-seed
    return std::to_string(rand()); // finds: weak-random
}

std::string reset_token() {
    std::mt19937 generator(std::chrono::system_clock::now().time_since_epoch().count()); // finds: static-seed
    std::string token;
    token += generator(); // finds: weak-random
    return token;
}

int dice() {
    srand(time(NULL));
    return rand() % 6;
}

void make_key(unsigned char *key) {
    std::mt19937 generator;
    generator.seed(7); // finds: static-seed
    for (int i = 0; i < 16; i++) key[i] = generator() & 0xff; // finds: weak-random
}

void make_other_key(unsigned char *key) {
    std::random_device device; // finds: use:CSPRNG
    std::mt19937 generator(device());
    for (int i = 0; i < 16; i++) key[i] = generator() & 0xff; // finds: weak-random
}
