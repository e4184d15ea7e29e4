#include <openssl/evp.h>

/* A table of functions offers ciphers to code that has the data and computes the MAC. */

static int cbc_encrypt(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv); // finds: use:AES
}

static int cbc_decrypt(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    return EVP_DecryptInit_ex(context, EVP_des_ede3_cbc(), NULL, key, iv); // finds: use:3DES weak-cipher
}

const struct provider provider = {16, 32, cbc_encrypt, cbc_decrypt, NULL};
