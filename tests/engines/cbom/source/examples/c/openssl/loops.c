#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

/* In later rounds of a loop, what it counts is another number than in the first. */

void rounds(EVP_MD_CTX *digesting, int size, const char *text) {
    int count = 0, length = 0, first = 1;
    for (int i = 0; i < size; i++) {
        if (i > 0)
            EVP_DigestInit_ex(digesting, EVP_sha256(), NULL); // finds: use:SHA-256
    }
    while (*text++) {
        length += 3;
        if (length > 4)
            EVP_DigestInit_ex(digesting, EVP_sha384(), NULL); // finds: use:SHA-384
        if (!first)
            EVP_DigestInit_ex(digesting, EVP_sha512(), NULL); // finds: use:SHA-512
        first = 0;
        count++;
    }
    if (size < 0)
        return;
    while (0)
        EVP_DigestInit_ex(digesting, EVP_md5(), NULL);
}

static int decode(unsigned char *bytes, size_t most, const char *text, size_t size) {
    unsigned value = 0, bits = 0;
    size_t position = 0;
    while (size--) {
        value = (value << 6) + *text++;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (position >= most)
                return -1;
            bytes[position++] = (value >> bits) & 0xff;
        }
    }
    return 0;
}

void signs(const char *key, size_t size, const unsigned char *data, unsigned char *out) {
    unsigned char *bytes = calloc(1, size);
    if (decode(bytes, size, key, size))
        return;
    HMAC(EVP_sha256(), bytes, size, data, 16, out, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
}

/* What is wiped on a way out is it there only; parts that are copied make a whole. */

int derives(EVP_CIPHER_CTX *ctx, const unsigned char *iv) {
    unsigned char key[32];
    if (!RAND_bytes(key, sizeof key)) { // finds: use:CSPRNG
        memset(key, 0, sizeof key);
        return 0;
    }
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES
}

int zeroes(EVP_CIPHER_CTX *ctx, const unsigned char *iv) {
    unsigned char key[32];
    RAND_bytes(key, sizeof key); // finds: use:CSPRNG
    memset(key, 0, sizeof key);
    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES hardcoded-key
}

void seeds(unsigned value) {
    unsigned char seed[256];
    for (int i = 0; i < 64; i++)
        memmove(seed + i * sizeof value, &value, sizeof value);
    RAND_seed(seed, sizeof seed);
}

/* A type with several names is one; the first step of HKDF has its salt as key. */

typedef struct sealing {
    EVP_CIPHER_CTX *context;
} sealing_t, *sealing_p;

int seals(sealing_p sealing, const unsigned char *key, const unsigned char *nonce) {
    EVP_EncryptInit_ex(sealing->context, EVP_aes_128_gcm(), NULL, key, NULL); // finds: use:AES
    return EVP_EncryptInit_ex(sealing->context, NULL, NULL, NULL, nonce); // finds: use:AES
}

void hkdf_extract(const unsigned char *secret, size_t size, unsigned char *out) {
    static const unsigned char salt[32] = {0};
    HMAC(EVP_sha256(), salt, sizeof salt, secret, size, out, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
}

/* A single block is a part of a mode. */

int aes_encrypt_block(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    return EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL); // finds: use:AES
}
