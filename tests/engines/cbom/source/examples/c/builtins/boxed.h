#pragma once
#include <openssl/evp.h>
#include <string>
#include <vector>

namespace boxes {

class Box {
public:
    explicit Box(int kind);
    int run(EVP_CIPHER_CTX *ctx) const;

private:
    int kind_;
    std::string key_;
    std::vector<unsigned char> iv_;
};

struct Settings {
    std::string digest{"sha1"};
    int rounds{1000};
};

}  // namespace boxes
