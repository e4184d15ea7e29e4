#include <openssl/evp.h>

int sealed(EVP_CIPHER_CTX *ctx, EVP_MAC_CTX *mac, const unsigned char *key, const unsigned char *own, const unsigned char *iv)
{
    EVP_MAC_init(mac, own, 32, NULL);
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv); // finds: use:AES
}

int plain(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *iv)
{
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv); // finds: use:AES unauthenticated-mode
}
