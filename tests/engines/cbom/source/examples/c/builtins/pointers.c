#include <string.h>
#include <openssl/evp.h>
#include <openssl/aes.h>

static void load(unsigned char *key, const unsigned char *from)
{
    memcpy(key, from, 32);
}

int given(EVP_CIPHER_CTX *ctx, const unsigned char *from, const unsigned char *iv)
{
    unsigned char key[32];
    load(key, from);
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES
}

static void own_key(unsigned char **out)
{
    static unsigned char key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    *out = key;
}

int filled(EVP_CIPHER_CTX *ctx, const unsigned char *iv)
{
    unsigned char *key;
    own_key(&key);
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv); // finds: use:AES hardcoded-key
}

int filled_again(EVP_CIPHER_CTX *ctx, const unsigned char *iv)
{
    unsigned char *key = NULL;
    own_key(&key);
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv); // finds: use:AES hardcoded-key
}

union block {
    unsigned char bytes[16];
    unsigned int words[4];
};

void shared(AES_KEY *out)
{
    union block key;
    memcpy(key.bytes, "YELLOW SUBMARINE", 16);
    AES_set_encrypt_key((unsigned char *)key.words, 128, out); // finds: use:AES hardcoded-key
}

struct suite {
    const char *name;
    const EVP_CIPHER *(*cipher)(void);
};

static const struct suite suites[] = {
    {"old", EVP_des_ede3_ecb}, // finds: use:3DES ecb-mode weak-cipher
    {"new", EVP_aes_256_gcm}, // finds: use:AES
};

int chosen(EVP_CIPHER_CTX *ctx, int i, const unsigned char *key, const unsigned char *iv)
{
    return EVP_EncryptInit_ex(ctx, suites[i].cipher(), NULL, key, iv); // finds: use:3DES use:AES
}
