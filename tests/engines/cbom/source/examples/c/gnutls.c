#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void all(gnutls_session_t session, const void *data, void *out, gnutls_privkey_t key) {
    gnutls_hash_fast(GNUTLS_DIG_MD5, data, 16, out); // finds: use:MD5 weak-hash
    gnutls_hmac_fast(GNUTLS_MAC_SHA256, "secret", 6, data, 16, out); // finds: use:HMAC-SHA-256 hardcoded-key
    gnutls_privkey_generate(key, GNUTLS_PK_RSA, 1024, 0); // finds: use:RSA weak-key-size
    gnutls_priority_set_direct(session, "NORMAL:+ARCFOUR-128", NULL); // finds: use:RC4 weak-cipher
    gnutls_priority_set_direct(session, "NORMAL:-ARCFOUR-128", NULL);
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
