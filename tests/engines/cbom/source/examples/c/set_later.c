#include <openssl/evp.h>

void set_key(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, NULL); // finds: use:AES unauthenticated-mode
}

void set_nonce(EVP_CIPHER_CTX *ctx, const unsigned char *nonce) {
    EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, nonce);
}
