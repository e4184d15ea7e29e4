#include <openssl/evp.h>

EVP_CIPHER_CTX *message_new(const unsigned char *key) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL); // finds: use:AES ecb-mode
    return context;
}

bool message_encrypt_block(EVP_CIPHER_CTX *context, const unsigned char *in, int length, unsigned char *out) {
    int written = 0;
    return EVP_EncryptUpdate(context, out, &written, in, length) == 1;
}
