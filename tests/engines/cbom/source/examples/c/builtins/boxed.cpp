#include "boxed.h"

namespace boxes {

using Modes = std::vector<unsigned char>;

Box::Box(int kind) : kind_(kind), key_("0123456789abcdef"), iv_(16, 0) {}

int Box::run(EVP_CIPHER_CTX *ctx) const {
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, (const unsigned char *)key_.data(), iv_.data()); // finds: use:AES hardcoded-key static-iv
}

int derived(const Settings &settings, const std::string &password, const unsigned char *salt, unsigned char *out) {
    EVP_get_digestbyname(settings.digest.c_str()); // finds: use:SHA-1 weak-hash
    return PKCS5_PBKDF2_HMAC(password.c_str(), -1, salt, 16, settings.rounds, EVP_sha256(), 32, out); // finds: use:PBKDF2 use:SHA-256 low-kdf-iterations
}

}  // namespace boxes
