#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <string.h>

#define DIGEST EVP_md5()
#define BITS (512 * 2)
#define PICK(strong) ((strong) ? EVP_sha256() : EVP_sha1())

static const unsigned char fixed[] = {0x01, 0x02, 'c', 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* EVP_md5() in a comment is nothing. */
static const char *text = "EVP_md5()";

void digests(const unsigned char *data, size_t size, unsigned char *out) {
    EVP_Digest(data, size, out, NULL, EVP_sha256(), NULL); // finds: use:SHA-256
    EVP_Digest(data, size, out, NULL, DIGEST, NULL); // finds: use:MD5 weak-hash
    EVP_Digest(data, size, out, NULL, PICK(size > 4), NULL); // finds: use:SHA-256 use:SHA-1 weak-hash
    EVP_Digest(data, size, out, NULL, PICK(1), NULL); // finds: use:SHA-256
    const EVP_MD *chosen = DIGEST; // finds: use:MD5 weak-hash
    MD5(data, size, out); // finds: use:MD5 weak-hash
    EVP_get_digestbyname("sha" "1"); // finds: use:SHA-1 weak-hash
}

int ciphers(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    unsigned char iv[16];
    if (!EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv)) // finds: use:AES unauthenticated-mode static-iv
        return 0;
    if (RAND_bytes(iv, sizeof iv) != 1) // finds: use:CSPRNG
        goto failed;
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, iv); // finds: use:AES
    EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, fixed, NULL); // finds: use:AES ecb-mode hardcoded-key
    EVP_EncryptInit_ex(ctx, EVP_des_ede3_cbc(), NULL, key, iv); // finds: use:3DES weak-cipher unauthenticated-mode nonce-reuse
    return 1;
failed:
    return 0;
}

void keys(RSA *rsa, BIGNUM *e, SSL_CTX *tls) {
    unsigned char salt[8] = {0}, out[32];
    RSA_generate_key_ex(rsa, BITS, e, NULL); // finds: use:RSA weak-key-size
    RSA_generate_key_ex(rsa, 3072, e, NULL); // finds: use:RSA
    RSA_public_encrypt(16, fixed, out, rsa, RSA_PKCS1_PADDING); // finds: use:RSA weak-padding
    RSA_public_encrypt(16, fixed, out, rsa, RSA_PKCS1_OAEP_PADDING); // finds: use:RSA
    PKCS5_PBKDF2_HMAC("secret", 6, salt, 8, 1000, EVP_sha256(), 32, out); // finds: use:PBKDF2 hardcoded-key static-salt low-kdf-iterations use:SHA-256
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL); // finds: disabled-certificate-check
    SSL_CTX_set_min_proto_version(tls, TLS1_VERSION); // finds: use:TLSv1.0 weak-protocol
}

int dropped(EVP_MD_CTX *ctx, const unsigned char *sig, size_t size, const unsigned char *data, size_t length)
{
    const EVP_CIPHER *cipher = EVP_des_cbc();
    cipher = EVP_aes_256_gcm(); // finds: use:AES
    EVP_DigestVerify(ctx, sig, size, data, length); // finds: unverified-signature
    if (EVP_DigestVerify(ctx, sig, size, data, length) != 1)
        return 0;
    return EVP_EncryptInit_ex(NULL, cipher, NULL, NULL, NULL); // finds: use:AES
}

void keyed(const unsigned char *key, const unsigned char *data, unsigned char *out)
{
    HMAC(EVP_sha1(), key, 16, data, 16, out, NULL); // finds: use:HMAC-SHA-1 use:SHA-1
    HMAC(EVP_md5(), key, 16, data, 16, out, NULL); // finds: use:HMAC-MD5 use:MD5 weak-hash
}

static int any_certificate(int ok, X509_STORE_CTX *store)
{
    ok = 1;
    return ok;
}

void roles(void)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method()); // finds: use:TLS
    SSL_CTX *client = SSL_CTX_new(TLS_client_method()); // finds: use:TLS
    SSL_CTX_set_verify(server, SSL_VERIFY_NONE, NULL); // finds: use:TLS
    SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL); // finds: disabled-certificate-check
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, any_certificate); // finds: disabled-certificate-check
}

int parameters(EVP_KDF_CTX *ctx, unsigned char *salt, size_t size, unsigned char *out)
{
    unsigned int iterations = 2000;
    OSSL_PARAM params[3], *p = params;
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, size);
    *p++ = OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iterations); // finds: low-kdf-iterations
    *p = OSSL_PARAM_construct_end();
    return EVP_KDF_derive(ctx, out, 32, params);
}

void kept(FILE *out, EVP_PKEY *key, const char *given)
{
    PEM_write_PrivateKey(out, key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)"pem-password"); // finds: use:AES hardcoded-key unauthenticated-mode
    PEM_write_PrivateKey(out, key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)given); // finds: use:AES unauthenticated-mode
}

const EVP_MD *(*const kinds[])(void) = {
    EVP_md4, // finds: use:MD4 weak-hash
    &EVP_sha384, // finds: use:SHA-384
};

int asked(void)
{
    return EVP_MD_size(EVP_sha1()) + EVP_CIPHER_iv_length(EVP_aes_256_cbc()); // finds: use:SHA-1 use:AES
}
