#include <openssl/evp.h>

/* The ciphers of SSH, whose packets have a MAC. */

static const struct cipher {
    const char *name;
    const EVP_CIPHER *(*get)(void);
} ssh_ciphers[] = {
    {"aes256-ctr", EVP_aes_256_ctr}, // finds: use:AES
    {"aes128-cbc", EVP_aes_128_cbc}, // finds: use:AES
    {"3des-cbc", EVP_des_ede3_cbc}, // finds: use:3DES weak-cipher
};
