#include <curl/curl.h>
#include <openssl/ssl.h>

/* What an operator turns off by a setting is no finding. */

struct options {
    int cert_reqs;
    int require_certificate;
    int disable_date_checks;
    int flags;
    int port;
};

void connects(SSL_CTX *context, struct options *options) {
    if (options->cert_reqs == 0) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // finds: use:TLS
    } else {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL); // finds: use:TLS
    }
}

void listens(SSL_CTX *context, struct options *options) {
    if (options->require_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL); // finds: use:TLS
    } else {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // finds: use:TLS
    }
}

void has_flags(SSL_CTX *context, struct options *options) {
    int flags = SSL_VERIFY_PEER;
    if (options->flags & CERT_NOT_REQUIRED) {
        flags = SSL_VERIFY_NONE;
    }
    SSL_CTX_set_verify(context, flags, NULL); // finds: use:TLS
}

void loads(CURL *handle) {
    if (get_option("core", "broken-cert")) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L); // finds: use:TLS
    }
}

void connects_to_one_port(SSL_CTX *context, struct options *options) {
    if (options->port == 443) {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); // finds: use:TLS disabled-certificate-check
    }
}

static int lets_old_pass(int ok, X509_STORE_CTX *store) {
    struct options *options = X509_STORE_CTX_get_app_data(store);
    if (options && options->disable_date_checks) {
        if (X509_STORE_CTX_get_error(store) == X509_V_ERR_CERT_HAS_EXPIRED) {
            ok = 1;
        }
    }
    return ok;
}

void accepts(SSL_CTX *context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, lets_old_pass); // finds: use:TLS
}

/* One arm checks what another one doesn't: that is a setting, whatever it is called. */

void takes_kind(SSL *connection, int kind) {
    switch (kind) {
    case KIND_OPEN:
        SSL_set_verify(connection, SSL_VERIFY_NONE, NULL); // finds: use:TLS
        break;
    case KIND_CLOSED:
        SSL_set_verify(connection, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL); // finds: use:TLS
        break;
    }
}

void takes_port(CURL *handle, int port) {
    if (port == 443) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L); // finds: use:TLS
    } else {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L); // finds: use:TLS disabled-certificate-check
    }
}

static struct settings {
    int verbose;
    struct tls_settings {
        int skip_verify;
        int no_check;
    } tls;
} settings;

static void open_context(SSL_CTX *context, struct tls_settings tls) {
    SSL_CTX_set_verify(context, tls.skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL); // finds: use:TLS
    SSL_CTX_set_verify(context, tls.no_check ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL); // finds: use:TLS disabled-certificate-check
}

int main(int argc, char **argv) {
    settings.tls.no_check = 1;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--insecure"))
            settings.tls.skip_verify = 1;
    }
    open_context(SSL_CTX_new(TLS_client_method()), settings.tls); // finds: use:TLS
    return 0;
}

int opens(SSL *connection, struct options *options) {
    if (options->insecure && set_insecure(connection))
        return -1;
    if (options->verbose && set_insecure(connection))
        return -1;
    return options->verify_peer || SSL_set_verify(connection, SSL_VERIFY_NONE, NULL); // finds: use:TLS
}
