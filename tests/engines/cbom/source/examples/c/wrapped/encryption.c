#include <openssl/evp.h>
#include <openssl/hmac.h>

/* This one has no MAC for its callers. */

int encrypts_alone(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, iv); // finds: use:AES unauthenticated-mode
}

unsigned char *answers(const unsigned char *data, size_t length) {
    return HMAC(EVP_sha256(), read_secret(), 32, data, length, NULL, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
}
