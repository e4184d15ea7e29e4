#include <openssl/evp.h>

/* Blocks that a function encrypts one by one are for a mode. */

EVP_CIPHER_CTX *counter_new(const unsigned char *key) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL); // finds: use:AES
    return context;
}

bool counter_encrypt_block(EVP_CIPHER_CTX *context, const unsigned char *in, unsigned char *out) {
    int written = 0;
    return EVP_EncryptUpdate(context, out, &written, in, 16) == 1;
}
