#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include "options.h"

/* Operations with contexts, keys and algorithms that are given, and the settings of connections, are uses. */

int operates(struct job *job, unsigned char *out, size_t *size, const unsigned char *in, size_t length) {
    EVP_EncryptInit_ex(job->context, job->cipher, NULL, job->key, job->iv); // finds: use:
    EVP_DigestInit_ex(job->digesting, job->hash, NULL); // finds: use:
    EVP_DigestVerifyInit(job->digesting, NULL, job->hash, NULL, job->pair); // finds: use:
    EVP_PKEY_derive(job->agreeing, out, size); // finds: use:
    EVP_MAC_init(job->authenticating, job->key, 32, NULL); // finds: use:
    return EVP_PKEY_sign(job->signing, out, size, in, length); // finds: use:
}

CMS_ContentInfo *sends(X509 *certificate, EVP_PKEY *key, BIO *in, CMS_ContentInfo *received, X509_STORE *store) {
    CMS_verify(received, NULL, store, NULL, NULL, 0); // finds: use:CMS
    return CMS_sign(certificate, key, NULL, in, CMS_BINARY); // finds: use:CMS
}

EC_KEY *makes_pair(void) {
    EC_KEY *pair = EC_KEY_new_by_curve_name(NID_secp384r1); // finds: use:EC
    EC_KEY_generate_key(pair); // finds: use:EC
    return pair;
}

int opens(SSL_CTX *context, SSL *connection, const char *suites) {
    SSL_CTX_set_cipher_list(context, suites); // finds: use:TLS
    SSL_CTX_set1_groups_list(context, "X25519:P-256"); // finds: use:TLS
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); // finds: use:TLSv1.2
    SSL_set_verify(connection, SSL_VERIFY_PEER, NULL); // finds: use:TLS
    SSL_get_version(connection);
    return SSL_connect(connection); // finds: use:TLS
}

/* Fields of a file's variable may be set by any function, and a variable by one that gets its address in a cast. */

options_t options = {0, 0};

void runs_with_options(EVP_MD_CTX *digesting) {
    if (options.old)
        EVP_DigestInit_ex(digesting, EVP_sha1(), NULL); // finds: use:SHA-1 weak-hash
}

int reads(int connection, EVP_MD_CTX *digesting) {
    unsigned char count = 0, kind = 0;
    receives(connection, (char *)&count, 1);
    if (count == 0)
        return 0;
    switch (count) {
    case 1:
#ifdef WITH_TWO
    case 2:
#endif
        kind = 1;
        EVP_DigestInit_ex(digesting, EVP_sha256(), NULL); // finds: use:SHA-256
        break;
    default:
#if WITH_OLD
        EVP_DigestInit_ex(digesting, EVP_md5(), NULL); // finds: use:MD5 weak-hash
#else
        EVP_DigestInit_ex(digesting, EVP_sha512(), NULL); // finds: use:SHA-512
#endif
        break;
    }
    return kind;
}

static struct name { int number; } names[4];

int counts(EVP_MD_CTX *digesting) {
    const int last = sizeof(names) / sizeof(*names) - 1;
    for (int i = 0; i < last; i++)
        EVP_DigestInit_ex(digesting, EVP_sha384(), NULL); // finds: use:SHA-384
    return last;
}

static const struct setting { int old; int older; } setting = {
#if WITH_OLD
    1,
#else
    0,
#endif
    0
};

static void secures(SSL_CTX **made, const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method); // finds: use:TLS
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // finds: use:TLS
    *made = context;
}

void secures_server(SSL_CTX **made) {
    secures(made, DTLS_server_method()); // finds: use:DTLS
}

struct sealing {
    EVP_CIPHER_CTX *context;
    int begun;
};

int seals(struct sealing *sealing, const unsigned char *key, const unsigned char *nonce) {
    if (!sealing->begun && !EVP_EncryptInit_ex(sealing->context, EVP_aes_256_gcm(), NULL, key, NULL)) // finds: use:AES
        return 0;
    return EVP_EncryptInit_ex(sealing->context, NULL, NULL, NULL, nonce); // finds: use:AES
}

int checks(PKCS7 *message, STACK_OF(X509) *signers, X509_STORE *store, BIO *in) {
    return PKCS7_verify(message, signers, store, in, NULL, 0) == 1; // finds: use:PKCS_#7
}
