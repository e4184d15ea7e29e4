#include <curl/curl.h>

static void configure(CURL *handle, long verify) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, verify); // finds: use:TLS disabled-certificate-check
}

void all(const char *url) {
    CURL *handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L); // finds: use:TLS
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L); // finds: use:TLS disabled-certificate-check
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L); // finds: use:TLS
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_1); // finds: use:TLSv1.1 weak-protocol
    curl_easy_setopt(handle, CURLOPT_SSL_CIPHER_LIST, "RC4-SHA"); // finds: use:RC4 weak-cipher
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 0L);
    configure(handle, 0);
}
