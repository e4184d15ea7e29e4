#include <glib.h>
#include <gio/gio.h>
#include <srtp2/srtp.h>

char *names_page(const char *page, const guchar *data, gsize size) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256); // finds: use:SHA-256
    g_checksum_update(sum, data, size);
    return g_compute_checksum_for_string(G_CHECKSUM_MD5, page, -1); // finds: use:MD5 weak-hash
}

char *signs_page(const guchar *key, gsize size, const char *page) {
    return g_compute_hmac_for_string(G_CHECKSUM_SHA1, key, size, page, -1); // finds: use:HMAC-SHA-1
}

char *signs_with_constant(const char *page) {
    return g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)"7Gx!aVq9", 8, page, -1); // finds: use:HMAC-SHA-256 hardcoded-key
}

char *chosen_by_caller(GChecksumType type, const guchar *data, gsize size) {
    return g_compute_checksum_for_data(type, data, size); // finds: use:
}

void connects(GTlsClientConnection *one, GTlsClientConnection *two, GSocketClient *client) {
    g_tls_client_connection_set_validation_flags(one, 0); // finds: use:TLS disabled-certificate-check
    g_tls_client_connection_set_validation_flags(two, G_TLS_CERTIFICATE_VALIDATE_ALL);
    g_socket_client_set_tls(client, TRUE); // finds: use:TLS
}

int makes_token(guint32 *token, int *dice) {
    *dice = 1 + g_random_int_range(0, 6);
    guint32 session_token = g_random_int(); // finds: weak-random
    *token = session_token;
    return 0;
}

void protects(srtp_policy_t *policy, unsigned char *key, int strong) {
    srtp_crypto_get_random(key, 30); // finds: use:CSPRNG
    if (strong)
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp); // finds: use:AES
    else
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp); // finds: use:AES
    srtp_crypto_policy_set_null_cipher_hmac_sha1_80(&policy->rtcp); // finds: use:HMAC-SHA-1
}
