#include <openssl/aes.h>
#include <openssl/cmac.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

/* Modes and MACs of the program's own consist of single blocks. */

void aes_ctr_crypt(const AES_KEY *key, unsigned char counter[16], unsigned char stream[16]) {
    AES_encrypt(counter, stream, key); // finds: use:AES
}

void xor_stream(const AES_KEY *key, const unsigned char *nonce, unsigned char *block) {
    AES_encrypt(nonce, block, key); // finds: use:AES
}

void encrypt_record(const AES_KEY *key, const unsigned char *plain, unsigned char *out) {
    AES_encrypt(plain, out, key); // finds: use:AES ecb-mode
}

int key_wrap_rfc3394(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    unsigned char iv[8];
    memset(iv, 0xA6, sizeof iv);
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_wrap(), NULL, key, iv); // finds: use:AES
}

int starts_cmac(CMAC_CTX *ctx, const unsigned char *key) {
    return CMAC_Init(ctx, key, 16, EVP_aes_128_cbc(), NULL); // finds: use:AES use:CMAC
}

int derives(const unsigned char *salt, const unsigned char *password, int size, unsigned char *key, unsigned char *iv) {
    return EVP_BytesToKey(EVP_aes_256_cbc(), EVP_sha256(), salt, password, size, 1, key, iv); // finds: use:AES use:SHA-256 use:EVP_BytesToKey weak-kdf
}

/* What is given by its address, a function that isn't known may set. */

int signs(int (*begin)(EVP_MD_CTX *, EVP_PKEY_CTX **), EVP_MD_CTX *digesting) {
    EVP_PKEY_CTX *context = NULL;
    begin(digesting, &context);
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
}

int makes_key(RSA *key, BIGNUM *exponent) {
    int bits = 1024;
    read_setting("bits", &bits);
    return RSA_generate_key_ex(key, bits, exponent, NULL); // finds: use:RSA
}

int makes_small_key(RSA *key, BIGNUM *exponent) {
    int bits = 1024;
    return RSA_generate_key_ex(key, bits, exponent, NULL); // finds: use:RSA weak-key-size
}

/* Fields of zeros get their data later. */

struct session {
    unsigned char *key;
};

void makes_session(struct session *made, size_t size) {
    made->key = calloc(1, size);
    memcpy(made->key, received(), size);
}

void uses_session(const struct session *session, EVP_CIPHER_CTX *ctx, const unsigned char *iv) {
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, session->key, iv); // finds: use:AES
}

int cbc(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *iv) {
    return EVP_CipherInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv, 1); // finds: use:AES unauthenticated-mode
}

int cmac_block(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *block) {
    static const unsigned char zero[16] = "";
    return cbc(ctx, key, zero);
}

/* A function that offers modes wraps the library: its callers choose one, and authenticate what they encrypt. */

struct wrapped {
    const EVP_CIPHER *cipher;
    int mode;
};

void offers_modes(struct wrapped *made, int mode) {
    switch (mode) {
    case 1:
        made->cipher = EVP_aes_128_ecb(); // finds: use:AES
        break;
    case 2:
        made->cipher = EVP_aes_128_cbc(); // finds: use:AES
        break;
#ifndef WITHOUT_GCM
    case 3:
        made->cipher = EVP_aes_128_gcm(); // finds: use:AES
        break;
#endif
    case 4:
        made->cipher = EVP_des_cbc(); // finds: use:DES weak-cipher
        break;
    }
}

void chooses_one_of_two(struct wrapped *made, int mode) {
    if (mode)
        made->cipher = EVP_aes_128_ecb(); // finds: use:AES ecb-mode
    else
        made->cipher = EVP_aes_128_cbc(); // finds: use:AES unauthenticated-mode
}

void uses_all(EVP_CIPHER_CTX *one, EVP_CIPHER_CTX *two, EVP_CIPHER_CTX *three, const unsigned char *key) {
    EVP_EncryptInit_ex(one, EVP_aes_128_ecb(), NULL, key, NULL); // finds: use:AES ecb-mode
    EVP_EncryptInit_ex(two, EVP_aes_128_gcm(), NULL, key, NULL); // finds: use:AES
    EVP_EncryptInit_ex(three, EVP_aes_128_wrap(), NULL, key, NULL); // finds: use:AES
}
