#include <openssl/evp.h>
#include "names.h"

void keys_set(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, NULL); // finds: use:AES hardcoded-key
}

void keys_named(void) {
    EVP_get_digestbyname(OLD_DIGEST); // finds: use:MD4 weak-hash
    EVP_DigestInit_ex(NULL, OLD_METHOD, NULL); // finds: use:MD4 weak-hash
}

/* Operations with what other lines name. */

int agrees(EVP_PKEY_CTX *unknown, unsigned char *out, size_t *size) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, NULL); // finds: use:X25519
    EVP_PKEY_derive(unknown, out, size);
    return EVP_PKEY_derive(context, out, size); // finds: use:X25519
}

int seals(EVP_PKEY_CTX *context, unsigned char *out, size_t *size, const unsigned char *in, size_t length) {
    EVP_PKEY_CTX *made = EVP_PKEY_CTX_new(given(), NULL);
    EVP_PKEY_encrypt_init(made);
    EVP_PKEY_CTX_set_rsa_padding(made, RSA_PKCS1_OAEP_PADDING); // finds: use:RSA
    return EVP_PKEY_encrypt(made, out, size, in, length); // finds: use:RSA
}

int chooses(int kind, EVP_MD_CTX *digesting, const unsigned char *data, size_t size) {
    const EVP_MD *hash;
    switch (kind) {
    case 1:
        hash = EVP_sha256(); // finds: use:SHA-256
        break;
    case 2:
        hash = EVP_sha512(); // finds: use:SHA-512
        break;
    case 3:
        hash = EVP_sha256(); // finds: use:SHA-256
        break;
    default:
        return 0;
    }
    return EVP_DigestInit_ex(digesting, hash, NULL); // finds: use:SHA-256 use:SHA-512
}

#include <openssl/des.h>

void parity(const unsigned char *in, unsigned char *out, long size, DES_cblock *iv) {
    DES_cblock key = { 0x13, 0x34, 0x57, 0x79, 0x9b, 0xbc, 0xdf, 0xf1 };
    DES_key_schedule schedule;
    DES_set_odd_parity(&key);
    DES_set_key_unchecked(&key, &schedule); // finds: use:DES weak-cipher hardcoded-key
}

void fetches(OSSL_LIB_CTX *library) {
    EVP_SIGNATURE_fetch(library, "ML-DSA-65", NULL); // finds: use:ML-DSA-65
    EVP_KEM_fetch(library, "ML-KEM-768", NULL); // finds: use:ML-KEM-768
    EVP_KEYEXCH_fetch(library, "X25519", NULL); // finds: use:X25519
    EVP_KEYMGMT_fetch(library, "RSA", NULL);
    SSL_CTX_new(OSSL_QUIC_client_method()); // finds: use:TLSv1.3
}
