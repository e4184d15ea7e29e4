#include <openssl/evp.h>
#include <openssl/hmac.h>

/* A library of the program's own offers encryption and a MAC: its callers use both. */

struct own_key {
    unsigned char bytes[16];
};

int encrypts(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, iv); // finds: use:AES
}

int encrypts_with(EVP_CIPHER_CTX *context, struct own_key *value, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, value->bytes, iv); // finds: use:AES
}

unsigned char *authenticates(const unsigned char *mac_key, int size, const unsigned char *data, size_t length) {
    return HMAC(EVP_sha256(), mac_key, size, data, length, NULL, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
}

/* A function that has its key from elsewhere is none of it. */

int stores(EVP_CIPHER_CTX *context, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, read_secret(), iv); // finds: use:AES unauthenticated-mode
}

/* No nonce is none only where there is never another one. */

int encrypts_any(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, iv ? iv : NULL); // finds: use:AES
}

int encrypts_without(EVP_CIPHER_CTX *context, const unsigned char *key) {
    return EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, NULL); // finds: use:AES static-iv
}
