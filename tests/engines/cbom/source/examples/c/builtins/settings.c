#include <crypt.h>
#include <stdio.h>
#include <openssl/evp.h>

char *hashes(const char *password, const char *salt, const char *stored) {
    char setting[40] = "$1$";
    char own[13] = "$5$";
    int i;
    crypt(password, "ab"); // finds: use:crypt weak-kdf static-salt
    snprintf(setting, sizeof setting, "$1$%s$", salt);
    crypt(password, setting); // finds: use:MD5-crypt weak-kdf
    sprintf(setting, "$6$%s", salt);
    crypt(password, setting); // finds: use:SHA-crypt
    for (i = 3; i < 11; i++)
        own[i] = salt[i];
    crypt(password, own); // finds: use:SHA-crypt
    return crypt(password, stored);
}

void counts(EVP_CIPHER_CTX *ctx, const unsigned char *key, unsigned long sequence) {
    unsigned char iv[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    unsigned char same[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    int i;
    for (i = 0; i < 8; i++)
        iv[4 + i] ^= sequence >> (8 * i);
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv); // finds: use:AES
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, same); // finds: use:AES static-iv
}

int named(char *name, int bits) {
    char text[32];
    snprintf(text, sizeof text, "aes-%d-%s", 128, "ecb");
    return EVP_get_cipherbyname(text) != NULL; // finds: use:AES ecb-mode
}
