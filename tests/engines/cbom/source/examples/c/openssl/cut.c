#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* Conditions of the preprocessor that cut through headers of functions, expressions, and ifs with their elses. */

#if OPENSSL_VERSION_NUMBER < 0x30000000L
static int ticket_key(unsigned char *iv, EVP_CIPHER_CTX *ctx,
                      HMAC_CTX *mac, const unsigned char *key, int fresh)
#else
static int ticket_key(unsigned char *iv, EVP_CIPHER_CTX *ctx, EVP_MAC_CTX *mac, const unsigned char *key, int fresh)
#endif
{
    if (fresh) {
        if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) <= 0) // finds: use:CSPRNG
            return -1;
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES
    }
    return 1;
}

int hashes(EVP_MD_CTX *context, int old, int older, const char *text)
{
#ifdef WITH_OLD
    if (old) {
        EVP_DigestInit_ex(context, EVP_sha1(), NULL); // finds: use:SHA-1 weak-hash
    } else
#endif
    {
        EVP_DigestInit_ex(context, EVP_sha256(), NULL); // finds: use:SHA-256
    }
#if defined(WITH_OLDER)
    if (older && EVP_DigestInit_ex(context, EVP_md5(), NULL)) // finds: use:MD5 weak-hash
#else
    if (older)
#endif
    {
        return 0;
    }
    if (old
#ifdef WITH_NAMES
        && text[0] == '#' /* a "quote */
#endif
        && older) {
        return EVP_DigestInit_ex(context, EVP_sha512(), NULL); // finds: use:SHA-512
    }
    return 1;
}

static const struct name { const char *name; int number; } names[] = {
    {"one", 1},
#ifdef WITH_OLD
    {"two", 2},
#endif
    {"three", 3}
};

#ifdef WITH_CHECKS
int finishes(EVP_MD_CTX *context, int kind) {
#else
int finishes(EVP_MD_CTX *context) { int kind = 0;
#endif
    return EVP_DigestInit_ex(context, EVP_sha384(), NULL); // finds: use:SHA-384
}

/* All of a condition between statements is read. */

int chosen(EVP_MD_CTX *context)
{
#ifdef WITH_OLD
    return EVP_DigestInit_ex(context, EVP_md4(), NULL); // finds: use:MD4 weak-hash
#else
    return EVP_DigestInit_ex(context, EVP_sha224(), NULL); // finds: use:SHA-224
#endif
}
