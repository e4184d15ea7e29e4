#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void all(gnutls_session_t session, const void *data, void *out, gnutls_privkey_t key) {
    gnutls_hash_fast(GNUTLS_DIG_MD5, data, 16, out); // finds: use:MD5 weak-hash
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, "secret", 6, data, 16, out); // finds: use:HMAC-SHA-256 hardcoded-key
    gnutls_privkey_generate(key, GNUTLS_PK_RSA, 1024, 0); // finds: use:RSA weak-key-size
    gnutls_priority_set_direct(session, "NORMAL:+ARCFOUR-128", NULL); // finds: use:TLS use:RC4 weak-cipher
    gnutls_priority_set_direct(session, "NORMAL:-ARCFOUR-128", NULL); // finds: use:TLS
    gnutls_priority_set_direct(session, "NORMAL:+VERS-TLS1.0", NULL); // finds: use:TLSv1.0 weak-protocol
    gnutls_rnd(GNUTLS_RND_KEY, out, 32); // finds: use:CSPRNG
    gnutls_init(&session, GNUTLS_CLIENT); // finds: use:TLS
}

#include <nettle/md5.h>
#include <nettle/pbkdf2.h>

void nettle(struct md5_ctx *ctx, struct sha256_ctx *sha, size_t n, const uint8_t *password, const uint8_t *salt, uint8_t *out)
{
    md5_init(ctx); // finds: use:MD5 weak-hash
    sha256_init(sha); // finds: use:SHA-256
    pbkdf2_hmac_sha256(n, password, 1000, 16, salt, 32, out); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2_hmac_sha256(n, password, 600000, 16, salt, 32, out); // finds: use:PBKDF2
}

static int accepts_all(gnutls_session_t session)
{
    return 0;
}

static int checks(gnutls_session_t session)
{
    unsigned int status;
    if (gnutls_certificate_verify_peers3(session, "example.org", &status) < 0 || status != 0) // finds: use:X.509
        return GNUTLS_E_CERTIFICATE_ERROR;
    return 0;
}

void verifies(gnutls_certificate_credentials_t one, gnutls_certificate_credentials_t two)
{
    gnutls_certificate_set_verify_function(one, accepts_all); // finds: disabled-certificate-check
    gnutls_certificate_set_verify_function(two, checks); // finds: use:TLS
}

void data(gnutls_cipher_hd_t cipher, const gnutls_datum_t *given, unsigned char *received, void *out)
{
    gnutls_datum_t key = { (unsigned char *)"0123456789abcdef", 16 };
    gnutls_datum_t iv = { .data = received, .size = 16 };
    gnutls_datum_t later;
    gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_GCM, &key, &iv); // finds: use:AES hardcoded-key
    gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_GCM, given, &iv); // finds: use:AES
    later.data = (unsigned char *)"a key of the source";
    later.size = 19;
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, later.data, later.size, received, 16, out); // finds: use:HMAC-SHA-256 hardcoded-key
}

#include <nettle/cbc.h>
#include <nettle/aes.h>

struct sealing {
    struct CBC_CTX(struct aes256_ctx, 16) cbc;
};

void modes(struct sealing *sealing, struct aes128_ctx *aes, size_t n, uint8_t *to, const uint8_t *from)
{
    CBC_ENCRYPT(&sealing->cbc, aes256_encrypt, n, to, from); // finds: use:AES unauthenticated-mode
    aes128_encrypt(aes, n, to, from); // finds: use:AES ecb-mode
}

int lists(const gnutls_datum_t *file, unsigned char *digest, size_t size) {
    gnutls_x509_crt_t *certificates = NULL;
    unsigned int count = 0;
    gnutls_x509_crt_list_import2(&certificates, &count, file, GNUTLS_X509_FMT_PEM, 0); // finds: use:X.509
    for (unsigned int i = 0; i < count; i++)
        gnutls_x509_crt_get_fingerprint(certificates[i], GNUTLS_DIG_SHA256, digest, &size); // finds: use:SHA-256
    return count;
}

int lists_protocols(gnutls_session_t session, const int *protocols, unsigned timeout) {
    gnutls_handshake_set_timeout(session, timeout);
    return gnutls_protocol_set_priority(session, protocols); // finds: use:TLS
}
