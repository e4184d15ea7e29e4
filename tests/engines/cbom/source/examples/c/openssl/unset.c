#include <openssl/evp.h>
#include <openssl/rsa.h>

void without_iv(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *in, unsigned char *out, int n) {
    EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, NULL); // finds: use:AES unauthenticated-mode static-iv
    EVP_EncryptUpdate(ctx, out, &n, in, 16);
}

void without_iv_at_all(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    EVP_CipherInit_ex(ctx, EVP_aes_128_ctr(), NULL, key, 0, 1); // finds: use:AES unauthenticated-mode static-iv
    EVP_CipherInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, NULL, 0); // finds: use:AES unauthenticated-mode
    EVP_EncryptInit_ex2(ctx, EVP_des_ede3_cbc(), key, NULL, NULL); // finds: use:3DES weak-cipher unauthenticated-mode static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL); // finds: use:AES ecb-mode
    EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, NULL, NULL); // finds: use:AES unauthenticated-mode
}

int default_padding(const unsigned char *in, size_t n, unsigned char *out, size_t *size) {
    EVP_PKEY *pair = NULL;
    EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL); // finds: use:RSA
    EVP_PKEY_keygen_init(making); // finds: use:RSA
    EVP_PKEY_CTX_set_rsa_keygen_bits(making, 3072); // finds: use:RSA
    EVP_PKEY_keygen(making, &pair); // finds: use:RSA
    EVP_PKEY_CTX *hiding = EVP_PKEY_CTX_new(pair, NULL);
    EVP_PKEY_encrypt_init(hiding); // finds: use:RSA
    return EVP_PKEY_encrypt(hiding, out, size, in, n); // finds: use:RSA weak-padding
}

int better_padding(EVP_PKEY *pair, const unsigned char *in, size_t n, unsigned char *out, size_t *size) {
    EVP_PKEY_CTX *hiding = EVP_PKEY_CTX_new(pair, NULL);
    EVP_PKEY_encrypt_init(hiding);
    EVP_PKEY_CTX_set_rsa_padding(hiding, RSA_PKCS1_OAEP_PADDING); // finds: use:RSA
    return EVP_PKEY_encrypt(hiding, out, size, in, n); // finds: use:RSA
}

int older_padding(RSA *pair, const unsigned char *in, unsigned char *out) {
    return RSA_public_encrypt(16, in, out, pair, RSA_SSLV23_PADDING); // finds: use:RSA weak-padding
}
