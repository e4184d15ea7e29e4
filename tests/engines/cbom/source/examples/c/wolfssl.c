#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/des3.h>
#include <wolfssl/wolfcrypt/md5.h>
#include <wolfssl/wolfcrypt/rsa.h>

#define KEY_BITS 1024

static const byte fixed[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

void digests(const byte *data, word32 size, byte *out) {
    Md5 md5;
    wc_InitMd5(&md5); // finds: use:MD5 weak-hash
    wc_Md5Final(&md5, out);
    wc_ShaHash(data, size, out); // finds: use:SHA-1 weak-hash
    wc_Sha256Hash(data, size, out); // finds: use:SHA-256
    wc_Hash(WC_HASH_TYPE_MD4, data, size, out, 16); // finds: use:MD4 weak-hash
}

void ciphers(const byte *key, const byte *in, byte *out, WC_RNG *rng) {
    Aes aes;
    Des3 des;
    byte nonce[12];
    wc_AesSetKey(&aes, key, 16, fixed, AES_ENCRYPTION); // finds: use:AES static-iv
    wc_AesCbcEncrypt(&aes, out, in, 16); // finds: use:AES unauthenticated-mode
    wc_AesSetKey(&aes, fixed, 16, fixed, AES_DECRYPTION); // finds: use:AES hardcoded-key
    wc_AesEcbEncrypt(&aes, out, in, 16); // finds: use:AES ecb-mode
    wc_Des3_SetKey(&des, key, NULL, DES_ENCRYPTION); // finds: use:3DES weak-cipher
    wc_RNG_GenerateBlock(rng, nonce, 12); // finds: use:CSPRNG
    wc_AesGcmEncrypt(&aes, out, in, 16, nonce, 12, out, 16, NULL, 0); // finds: use:AES
    wc_AesGcmEncrypt(&aes, out, in, 16, nonce, 12, out, 16, NULL, 0); // finds: use:AES nonce-reuse
}

void keys(RsaKey *rsa, ecc_key *ecc, WC_RNG *rng, const byte *in, byte *out) {
    wc_MakeRsaKey(rsa, KEY_BITS, WC_RSA_EXPONENT, rng); // finds: use:RSA weak-key-size
    wc_MakeRsaKey(rsa, 3072, WC_RSA_EXPONENT, rng); // finds: use:RSA
    wc_RsaPublicEncrypt(in, 16, out, 256, rsa, rng); // finds: use:RSA weak-padding
    wc_RsaPublicEncrypt_ex(in, 16, out, 256, rsa, rng, WC_RSA_OAEP_PAD, WC_HASH_TYPE_SHA256, 1, NULL, 0); // finds: use:RSA
    wc_ecc_make_key(rng, 20, ecc); // finds: use:EC weak-key-size
    wc_ecc_make_key_ex(rng, 32, ecc, ECC_SECP256R1); // finds: use:EC
    wc_PBKDF2(out, in, 8, fixed, 16, 1000, 32, WC_SHA256); // finds: use:PBKDF2 static-salt low-kdf-iterations
}

static int accept_all(int ok, WOLFSSL_X509_STORE_CTX *store) { return 1; }

void connections(WOLFSSL_CTX *ctx) {
    wolfSSL_CTX_new(wolfSSLv3_client_method()); // finds: use:SSLv3 weak-protocol
    wolfSSL_CTX_new(wolfTLSv1_2_client_method()); // finds: use:TLSv1.2
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL); // finds: disabled-certificate-check
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, accept_all); // finds: disabled-certificate-check
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, NULL); // finds: use:TLS
}

/* wc_Md5Hash() in a comment, and a function of one's own. */
static void wc_own(const char *key) { (void)key; }
void own(void) { wc_own("secret"); }

int newest(MlKemKey *key, RsaKey *rsa, WC_RNG *rng, byte *out, byte *shared)
{
    wc_MlKemKey_MakeKey(key, rng); // finds: use:ML-KEM
    wc_MlKemKey_Encapsulate(key, out, shared, rng); // finds: use:ML-KEM
    return wc_RsaPSS_Sign(out, 32, shared, 256, WC_HASH_TYPE_SHA256, WC_MGF1SHA256, rsa, rng); // finds: use:RSA
}

void serves(WOLFSSL *unchecked) {
    WOLFSSL_CTX *server = wolfSSL_CTX_new(wolfTLSv1_3_server_method()); // finds: use:TLSv1.3
    wolfSSL_CTX_set_verify(server, WOLFSSL_VERIFY_NONE, NULL); // finds: use:TLS
    wolfSSL_set_verify(unchecked, WOLFSSL_VERIFY_NONE, NULL); // finds: use:TLS disabled-certificate-check
}

void by_names_of_openssl(WOLFSSL_CTX *ctx, const unsigned char *in, unsigned char *out, const unsigned char *key) {
    wolfSSL_EVP_des_cbc(); // finds: use:DES weak-cipher
    wolfSSL_MD5(in, 16, out); // finds: use:MD5 weak-hash
    wolfSSL_HMAC(wolfSSL_EVP_sha256(), key, 16, in, 16, out, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
    wolfSSL_CTX_SetMinRsaKey_Sz(ctx, 1024); // finds: use:RSA weak-key-size
    wolfSSL_CTX_SetMinRsaKey_Sz(ctx, 2048); // finds: use:RSA
    wc_AesKeyWrap(key, 16, in, 16, out, 24, NULL); // finds: use:AES
}

int draws(unsigned char *cookie, unsigned char *seed, int size) {
    wolfSSL_RAND_seed(seed, size);
    return wolfSSL_RAND_bytes(cookie, size); // finds: use:CSPRNG
}
