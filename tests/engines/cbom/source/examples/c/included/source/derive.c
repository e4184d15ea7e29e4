#include "../include/limits.h"
#include <openssl/evp.h>
#include <openssl/pkcs12.h>

int derive(const char *password, int size, const unsigned char *salt, unsigned char *out) {
    return PKCS5_PBKDF2_HMAC(password, size, salt, 16, ROUNDS, EVP_sha256(), 32, out); // finds: use:PBKDF2 use:SHA-256 low-kdf-iterations
}

PKCS12 *exported(const char *password, EVP_PKEY *key, X509 *certificate) {
    return PKCS12_create(password, "name", key, certificate, NULL, NID_pbe_WithSHA1And40BitRC2_CBC, 0, 2048, 1, 0); // finds: use:RC2 weak-cipher
}
