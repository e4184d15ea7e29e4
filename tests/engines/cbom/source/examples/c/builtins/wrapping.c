#include <openssl/evp.h>
#include "wrapping.h"

const unsigned char application_iv[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

void encrypt_with(const unsigned char *key, const unsigned char *iv) {
    EVP_EncryptInit_ex(0, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES hardcoded-key static-iv
}
