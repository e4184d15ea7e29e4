#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <array>
#include <map>
#include <string>
#include <vector>

constexpr std::array<unsigned char, 16> nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
enum class Bits : int { Weak = 512, Strong = 4096 };

struct Base {
    virtual void run(EVP_CIPHER_CTX *ctx, const std::string &key) = 0;
};

struct Derived : Base {
    void run(EVP_CIPHER_CTX *ctx, const std::string &key) override {
        EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, (const unsigned char *)key.c_str(), nullptr); // finds: use:AES hardcoded-key
    }
};

void all(EVP_CIPHER_CTX *ctx, RSA *rsa, BIGNUM *e, const std::string &given) {
    std::vector<unsigned char> key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    std::vector<unsigned char> zeros(12, 0);
    std::map<int, std::string> keys;
    keys[1] = "0123456789abcdef";
    keys[2] = given;
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, key.data(), nonce.data()); // finds: use:AES hardcoded-key static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, (const unsigned char *)keys[1].data(), zeros.data()); // finds: use:AES hardcoded-key static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, (const unsigned char *)keys[2].data(), nullptr); // finds: use:AES
    RSA_generate_key_ex(rsa, static_cast<int>(Bits::Weak), e, nullptr); // finds: use:RSA weak-key-size
    RSA_generate_key_ex(rsa, static_cast<int>(Bits::Strong), e, nullptr); // finds: use:RSA
    Base *made = new Derived;
    made->run(ctx, "0123456789abcdef");
}
