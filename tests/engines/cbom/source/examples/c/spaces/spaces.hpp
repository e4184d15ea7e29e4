#pragma once
#include <openssl/rsa.h>

namespace keys::made {

inline RSA *generate(RSA *key, BIGNUM *exponent, int bits = 3072) {
    RSA_generate_key_ex(key, bits, exponent, nullptr); // finds: use:RSA weak-key-size
    return key;
}

inline constexpr int kDigestBits = 160;

}  // namespace keys::made
