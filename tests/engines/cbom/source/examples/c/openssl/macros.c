#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

/* A macro of statements does them where it is used. */

#define SET(option, value) \
    do { \
        CURLcode result = curl_easy_setopt(curl, option, value); \
        if (result != CURLE_OK) \
            log_error("option"); \
    } while (0)
#define SET_OR_LEAVE(option, value) if (curl_easy_setopt(curl, option, value) != CURLE_OK) return -1
#define STARTS(context, hash) EVP_DigestInit_ex(context, hash, NULL); EVP_DigestUpdate(context, "", 0)
#define UNBALANCED(x) } else { f(x)

int transfers(CURL *curl, EVP_MD_CTX *digesting) {
    SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_0); // finds: use:TLSv1.0 weak-protocol
    SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2); // finds: use:TLSv1.2
    SET(CURLOPT_USERAGENT, "client");
    SET_OR_LEAVE(CURLOPT_SSL_VERIFYPEER, 0L); // finds: use:TLS disabled-certificate-check
    STARTS(digesting, EVP_sha256()); // finds: use:SHA-256
    return 0;
}

/* What a function gets to fill isn't nothing any more. */

static int loads(const char *text, record_t *made) {
    *made = NULL;
    parses(text, made);
    if (!*made)
        return -1;
    return 0;
}

int digests(EVP_MD_CTX *digesting, const char *text) {
    record_t record;
    if (loads(text, &record) != 0)
        return -1;
    return EVP_DigestInit_ex(digesting, EVP_sha384(), NULL); // finds: use:SHA-384
}

int opens(struct connection *to, int *failed) {
    if (to->context == NULL) {
        *failed = 1;
    }
#ifndef WITHOUT_ENGINES
    else if (to->engine && loads_engine(to)) {
        *failed = 2;
    }
#endif
    else if (SSL_CTX_set_cipher_list(to->context, to->suites) != 1) { // finds: use:TLS
        *failed = 3;
    }
    return *failed;
}

#define SET_ALL(handle, code, option, ...) \
    code = curl_easy_setopt(handle, option, __VA_ARGS__); \
    if (code != CURLE_OK) \
        log_error("curl_easy_setopt(%s)", #option)
#define SET_ONE(...) SET_ALL(curl, code, __VA_ARGS__)

int sets(CURL *curl) {
    CURLcode code;
    SET_ONE(CURLOPT_SSL_VERIFYHOST, 0L); // finds: use:TLS disabled-certificate-check
    SET_ONE(CURLOPT_USERAGENT, "client");
    return code;
}

/* A macro may be the header of a function. */

PHP_FUNCTION(page_digest)
{
    EVP_MD_CTX *digesting = given();
    EVP_DigestInit_ex(digesting, EVP_md5(), NULL); // finds: use:MD5 weak-hash
}
