#include <openssl/ssl.h>

/* Callbacks are told where they are given, in a file that doesn't ask for the result itself. */

static int lets_pass(int ok, X509_STORE_CTX *store) {
    if (!ok && X509_STORE_CTX_get_error(store) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
        ok = 1;
    return ok;
}

static int lets_pass_several(int ok, X509_STORE_CTX *store) {
    switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return 1;
    default:
        return ok;
    }
}

static int lets_missing_lists_pass(int ok, X509_STORE_CTX *store) {
    if (X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL)
        ok = 1;
    return ok;
}

static int compares_fingerprint(int ok, X509_STORE_CTX *store) {
    if (X509_STORE_CTX_get_error(store) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) {
        if (is_pinned(X509_STORE_CTX_get_current_cert(store)))
            return 1;
    }
    return ok;
}

static int gives_up_on_errors(int ok, X509_STORE_CTX *store) {
    int result = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    if (!ok) {
        print_error(bio, store);
        goto cleanup;
    }
    if (!bio)
        goto cleanup;
    result = 1;
cleanup:
    if (bio)
        BIO_free(bio);
    return result;
}

static int looks_for_errors(int ok, X509_STORE_CTX *store) {
    int result = 1;
    if (!ok)
        goto failed;
    return result;
failed:
    log_error(store);
    return result;
}

void connect_with_labels(SSL_CTX *one, SSL_CTX *two) {
    SSL_CTX_set_verify(one, SSL_VERIFY_PEER, gives_up_on_errors); // finds: use:TLS
    SSL_CTX_set_verify(two, SSL_VERIFY_PEER, looks_for_errors); // finds: disabled-certificate-check
}

void connect_all(SSL_CTX *one, SSL_CTX *two, SSL_CTX *three, SSL_CTX *four) {
    SSL_CTX_set_verify(one, SSL_VERIFY_PEER, lets_pass); // finds: disabled-certificate-check
    SSL_CTX_set_verify(two, SSL_VERIFY_PEER, lets_pass_several); // finds: disabled-certificate-check
    SSL_CTX_set_verify(three, SSL_VERIFY_PEER, lets_missing_lists_pass); // finds: use:TLS
    SSL_CTX_set_verify(four, SSL_VERIFY_PEER, compares_fingerprint); // finds: use:TLS
}
