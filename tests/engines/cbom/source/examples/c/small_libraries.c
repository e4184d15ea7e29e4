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
    curl_easy_setopt(handle, CURLOPT_SSL_CIPHER_LIST, "RC4-SHA"); // finds: use:RC4 weak-cipher use:TLS
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 0L);
    configure(handle, 0);
}

#define set(handle, option, value) curl_easy_setopt(handle, option, (long)(value))

void many(CURL *handle) {
    set(handle, 1, 1);
    set(handle, 2, 1);
    set(handle, 3, 1);
    set(handle, 4, 1);
    set(handle, 5, 1);
    set(handle, 6, 1);
    set(handle, 7, 1);
    set(handle, 8, 1);
    set(handle, 9, 1);
    set(handle, 10, 1);
    set(handle, 11, 1);
    set(handle, 12, 1);
    set(handle, 13, 1);
    set(handle, 14, 1);
    set(handle, CURLOPT_SSL_VERIFYPEER, 0); // finds: use:TLS disabled-certificate-check
}

void passwords(const char *password, size_t size, const unsigned char *salt, unsigned char *out, char *text) {
    argon2id_hash_encoded(2, 65536, 1, password, size, salt, 16, 32, text, 100); // finds: use:Argon2id
    argon2i_hash_raw(2, 1024, 1, password, size, salt, 16, out, 32); // finds: use:Argon2i low-kdf-iterations
    argon2_verify(text, password, size, 2); // finds: use:Argon2
    libscrypt_scrypt(password, size, "salt", 4, 16384, 8, 1, out, 32); // finds: use:scrypt static-salt
}

void chat(OlmAccount *account, OlmUtility *utility, OlmSession *session, OlmSAS *sas) {
    olm_account_sign(account, message, length, out, out_length); // finds: use:Ed25519
    olm_create_outbound_session(session, account, key, key_length, random, random_length); // finds: use:X25519
    olm_encrypt(session, message, length, random, random_length, out, out_length); // finds: use:AES
    olm_sas_calculate_mac(sas, message, length, info, info_length, out, out_length); // finds: use:HMAC-SHA-256
    olm_sha256(utility, message, length, out, out_length); // finds: use:SHA-256
    olm_session_id(session, out, out_length);
}
