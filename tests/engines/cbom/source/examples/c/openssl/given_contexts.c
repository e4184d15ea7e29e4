#include <openssl/evp.h>
#include <openssl/ssl.h>

void given(EVP_CIPHER_CTX *context, EVP_PKEY *key, EVP_MD_CTX *digest, const unsigned char *secret, const unsigned char *iv) {
    EVP_DecryptInit_ex(context, NULL, NULL, secret, iv); // finds: use:
    EVP_PKEY_CTX *keyed = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_sign_init(keyed);
    EVP_PKEY_sign(keyed, out, &size, secret, 32); // finds: use:
    EVP_PKEY_derive(keyed, out, &size); // finds: use:
    EVP_DigestSignInit(digest, NULL, NULL, NULL, key); // finds: use:
    EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key); // finds: use:SHA-256
    EVP_DigestSign(digest, out, &size, secret, 32); // finds: use:
}

void known(EVP_MD_CTX *digest, const unsigned char *secret, const unsigned char *iv, RSA *rsa) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL); // finds: use:AES
    EVP_EncryptInit_ex(context, NULL, NULL, secret, iv); // finds: use:AES
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32); // finds: use:Ed25519
    EVP_DigestSignInit(digest, NULL, NULL, NULL, key); // finds: use:Ed25519
    EVP_PKEY *other = EVP_PKEY_new();
    EVP_PKEY_assign_RSA(other, rsa);
    EVP_PKEY_CTX *keyed = EVP_PKEY_CTX_new(other, NULL);
    EVP_PKEY_decrypt(keyed, out, &size, secret, 256); // finds: use:RSA
}

void connections(SSL_CTX *context, const char *suites, const X509 *certificate) {
    const EVP_MD *hash = EVP_sha256(); // finds: use:SHA-256
    X509_digest(certificate, hash, out, &size); // finds: use:SHA-256
    SSL_CTX_set_cipher_list(context, suites); // finds: use:TLS
    SSL_CTX_set_cipher_list(context, "RC4-SHA"); // finds: use:TLS use:RC4 weak-cipher
}

void versions(SSL_CTX *context, const struct settings *settings) {
    int version = TLS1_2_VERSION;
    switch (settings->minimum) {
    case 10:
        version = TLS1_VERSION;
        break;
    case 11:
        version = TLS1_1_VERSION;
        break;
    case 13:
        version = TLS1_3_VERSION;
        break;
    }
    SSL_CTX_set_min_proto_version(context, version); // finds: use:TLSv1.0 use:TLSv1.1 use:TLSv1.2 use:TLSv1.3
}

void started(EVP_PKEY *given) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, NULL); // finds: use:X25519
    EVP_PKEY_keygen_init(context); // finds: use:X25519
    EVP_KDF *prf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL); // finds: use:TLS-PRF
    EVP_PKEY_CTX *unknown = EVP_PKEY_CTX_new(given, NULL);
    EVP_PKEY_keygen_init(unknown);
}
