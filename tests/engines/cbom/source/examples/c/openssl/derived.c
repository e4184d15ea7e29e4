#include <openssl/evp.h>

/* A key that a cipher makes of another one is no message; two functions in a table of others are no cipher. */

static int session_kdf_init(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *label) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, key, label); // finds: use:AES
}

static int cbc_encrypt(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv); // finds: use:AES unauthenticated-mode
}

const struct command commands[] = {session_kdf_init, cbc_encrypt, NULL};
