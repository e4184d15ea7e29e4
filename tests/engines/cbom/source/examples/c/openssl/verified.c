#include <openssl/ssl.h>

int passes_self_signed(const SSL *ssl) {
    long result = SSL_get_verify_result(ssl);
    return result == X509_V_OK || result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT; // finds: disabled-certificate-check
}

int refuses_but_expired(const SSL *ssl) {
    if (SSL_get_verify_result(ssl) != X509_V_OK && SSL_get_verify_result(ssl) != X509_V_ERR_CERT_HAS_EXPIRED) // finds: disabled-certificate-check
        return -1;
    return 0;
}

int tells_errors_apart(const SSL *ssl) {
    long result = SSL_get_verify_result(ssl);
    if (result == X509_V_ERR_CERT_HAS_EXPIRED || result == X509_V_ERR_CERT_REVOKED)
        return -2;
    return result == X509_V_OK ? 0 : -1;
}

static int asked_later(int ok, X509_STORE_CTX *store) {
    return 1;
}

void connect_and_ask(SSL_CTX *context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, asked_later); // finds: use:TLS
}
