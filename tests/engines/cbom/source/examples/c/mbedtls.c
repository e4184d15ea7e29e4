#include "mbedtls/aes.h"
#include "mbedtls/md.h"
#include "mbedtls/ssl.h"

void all(mbedtls_aes_context *aes, mbedtls_ssl_config *config, const unsigned char *key) {
    mbedtls_md5(key, 16, 0); // finds: use:MD5 weak-hash
    mbedtls_md_info_from_type(MBEDTLS_MD_SHA256); // finds: use:SHA-256
    mbedtls_aes_setkey_enc(aes, key, 128); // finds: use:AES
    mbedtls_aes_crypt_ecb(aes, 1, key, 0); // finds: use:AES ecb-mode
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE); // finds: disabled-certificate-check
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED); // finds: use:TLS
}

void ciphers(mbedtls_aes_context *aes, mbedtls_gcm_context *gcm, mbedtls_ctr_drbg_context *drbg, const unsigned char *key, const unsigned char *in, unsigned char *out) {
    unsigned char iv[16];
    memset(iv, 0, sizeof(iv));
    mbedtls_aes_crypt_cbc(aes, MBEDTLS_AES_ENCRYPT, 16, iv, in, out); // finds: use:AES unauthenticated-mode static-iv
    mbedtls_aes_crypt_cbc(aes, MBEDTLS_AES_DECRYPT, 16, iv, in, out); // finds: use:AES unauthenticated-mode
    mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, (const unsigned char *)"0123456789abcdef", 128); // finds: use:AES hardcoded-key
    mbedtls_ctr_drbg_random(drbg, iv, sizeof(iv)); // finds: use:CSPRNG
    mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, 16, iv, 12, NULL, 0, in, out, 16, out); // finds: use:AES
    mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, 16, iv, 12, NULL, 0, in, out, 16, out); // finds: use:AES nonce-reuse
    mbedtls_arc4_setup(NULL, key, 16); // finds: use:RC4 weak-cipher
    mbedtls_cipher_info_from_type(MBEDTLS_CIPHER_DES_EDE3_CBC); // finds: use:3DES weak-cipher unauthenticated-mode
    mbedtls_cipher_info_from_string("AES-128-ECB"); // finds: use:AES ecb-mode
}

void keys(mbedtls_rsa_context *rsa, mbedtls_ecp_keypair *pair, const unsigned char *in, unsigned char *out) {
    mbedtls_rsa_gen_key(rsa, mbedtls_ctr_drbg_random, NULL, 1024, 65537); // finds: use:RSA weak-key-size
    mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP192R1, pair, mbedtls_ctr_drbg_random, NULL); // finds: use:EC weak-key-size
    mbedtls_rsa_rsaes_pkcs1_v15_encrypt(rsa, NULL, NULL, 16, in, out); // finds: use:RSA weak-padding
    mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, in, 8, (const unsigned char *)"salt", 4, 1000, 32, out); // finds: use:PBKDF2 static-salt low-kdf-iterations
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), (const unsigned char *)"key", 3, in, 16, out); // finds: use:HMAC-SHA-256 use:SHA-256 hardcoded-key
}

void psa(psa_key_id_t key, const uint8_t *in, uint8_t *out, size_t *length) {
    psa_key_attributes_t attributes = psa_key_attributes_init();
    psa_key_derivation_operation_t derivation = PSA_KEY_DERIVATION_OPERATION_INIT;
    psa_hash_compute(PSA_ALG_MD5, in, 16, out, 16, length); // finds: use:MD5 weak-hash
    psa_hash_compute(PSA_ALG_SHA_256, in, 16, out, 32, length); // finds: use:SHA-256
    psa_set_key_type(&attributes, PSA_KEY_TYPE_RSA_KEY_PAIR); // finds: use:RSA
    psa_set_key_bits(&attributes, 1024); // finds: weak-key-size
    psa_cipher_encrypt(key, PSA_ALG_ECB_NO_PADDING, in, 16, out, 16, length); // finds: use:AES ecb-mode
    psa_aead_encrypt(key, PSA_ALG_GCM, (const uint8_t *)"twelve bytes", 12, NULL, 0, in, 16, out, 32, length); // finds: use:AES static-iv
    psa_asymmetric_encrypt(key, PSA_ALG_RSA_PKCS1V15_CRYPT, in, 16, NULL, 0, out, 256, length); // finds: use:RSA weak-padding
    psa_key_derivation_setup(&derivation, PSA_ALG_PBKDF2_HMAC(PSA_ALG_SHA_256)); // finds: use:PBKDF2
    psa_key_derivation_input_integer(&derivation, PSA_KEY_DERIVATION_INPUT_COST, 1000); // finds: low-kdf-iterations
    psa_generate_random(out, 32); // finds: use:CSPRNG
}

/* mbedtls_md5() in a comment, and functions of one's own. */
static void psa_own(const char *key) { (void)key; }
void own(void) { psa_own("mbedtls_md5"); }

static int all_fine(void *data, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    *flags = 0;
    return 0;
}

static int looked_at(void *data, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    if (depth > 3)
        *flags = 0;
    return 0;
}

void verifying(mbedtls_ssl_config *conf, mbedtls_pk_context *key, const unsigned char *hash, const unsigned char *sig)
{
    mbedtls_ssl_conf_verify(conf, all_fine, NULL); // finds: disabled-certificate-check
    mbedtls_ssl_conf_verify(conf, looked_at, NULL); // finds: use:TLS
    mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, hash, 32, sig, 64); // finds: unverified-signature use:SHA-256
}

void suites(mbedtls_ssl_config *conf, mbedtls_ssl_context *ssl)
{
    static const int old[] = {MBEDTLS_TLS_RSA_WITH_RC4_128_SHA, MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, 0};
    mbedtls_ssl_conf_ciphersuites(conf, old); // finds: use:RC4 weak-cipher use:TLS
}

int wrapped(mbedtls_rsa_context *given, const unsigned char *in, unsigned char *out)
{
    mbedtls_rsa_context rsa;
    mbedtls_rsa_init(&rsa);
    mbedtls_rsa_pkcs1_encrypt(&rsa, mbedtls_ctr_drbg_random, NULL, 16, in, out); // finds: use:RSA weak-padding
    mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256); // finds: use:RSA
    mbedtls_rsa_pkcs1_encrypt(&rsa, mbedtls_ctr_drbg_random, NULL, 16, in, out); // finds: use:RSA
    return mbedtls_rsa_pkcs1_encrypt(given, mbedtls_ctr_drbg_random, NULL, 16, in, out); // finds: use:RSA
}

int keys(psa_key_id_t *id, mbedtls_ssl_config *config, const unsigned char *given) {
    psa_key_attributes_t small = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_attributes_t curve = PSA_KEY_ATTRIBUTES_INIT;
    static const unsigned char psk[] = { 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4 };
    psa_set_key_type(&small, PSA_KEY_TYPE_RSA_KEY_PAIR); // finds: use:RSA
    psa_set_key_bits(&small, 1024); // finds: use:RSA weak-key-size
    psa_generate_key(&small, id); // finds: use:RSA
    psa_set_key_type(&curve, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)); // finds: use:EC
    psa_set_key_bits(&curve, 256);
    psa_generate_key(&curve, id); // finds: use:EC
    mbedtls_ssl_conf_psk(config, psk, sizeof psk, (const unsigned char *)"name", 4); // finds: hardcoded-key use:TLS
    return mbedtls_ssl_conf_psk(config, given, 16, (const unsigned char *)"name", 4);
}

void authenticates(const unsigned char *key, const unsigned char *data, unsigned char *out) {
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), key, 20, data, 16, out); // finds: use:HMAC-SHA-1 use:SHA-1
    mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_MD5), key, 20, data, 16, out); // finds: use:HMAC-MD5 use:MD5 weak-hash
}

int seals(const unsigned char *secret, psa_key_id_t *key) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_aead_operation_t sealing = PSA_AEAD_OPERATION_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES); // finds: use:AES
    psa_set_key_algorithm(&attributes, PSA_ALG_GCM); // finds: use:AES
    psa_import_key(&attributes, secret, 32, key); // finds: use:AES
    return psa_aead_encrypt_setup(&sealing, *key, PSA_ALG_GCM); // finds: use:AES
}

int makes(mbedtls_pk_context *key) {
    return mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)); // finds: use:RSA
}

void shorter_hashes(const unsigned char *in, unsigned char *out, mbedtls_sha512_context *ctx) {
    mbedtls_sha256(in, 16, out, 1); // finds: use:SHA-224
    mbedtls_sha512_starts(ctx, 1); // finds: use:SHA-384
    mbedtls_sha512_starts(ctx, 0); // finds: use:SHA-512
}

void streams(mbedtls_chacha20_context *ctx, const unsigned char *key, const unsigned char *prk, unsigned char *out) {
    static const unsigned char nonce[12] = {0};
    mbedtls_chacha20_setkey(ctx, key); // finds: use:ChaCha20
    mbedtls_chacha20_starts(ctx, nonce, 0); // finds: use:ChaCha20 static-iv
    mbedtls_hkdf_expand(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), prk, 32, 0, 0, out, 32); // finds: use:HKDF use:SHA-256
}

void blocks(const unsigned char *key, const unsigned char *in, unsigned char *out) {
    mbedtls_cipher_cmac(mbedtls_cipher_info_from_type(MBEDTLS_CIPHER_AES_128_ECB), key, 128, in, 16, out); // finds: use:CMAC use:AES
    mbedtls_cipher_info_from_values(MBEDTLS_CIPHER_ID_AES, 128, MBEDTLS_MODE_ECB); // finds: use:AES ecb-mode
    mbedtls_poly1305_mac(key, in, 16, out); // finds: use:Poly1305
}

void of_callers_family(psa_ecc_family_t family, psa_key_attributes_t *attributes) {
    psa_set_key_type(attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(family)); // finds: use:EC
    psa_set_key_usage_flags(attributes, PSA_KEY_USAGE_SIGN_HASH);
}

int of_either_kind(int on_curve, size_t bits, psa_key_id_t *key) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    if (on_curve) {
        psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)); // finds: use:EC
        psa_set_key_bits(&attributes, 256);
    } else {
        psa_set_key_type(&attributes, PSA_KEY_TYPE_RSA_KEY_PAIR); // finds: use:RSA
        psa_set_key_bits(&attributes, bits);
    }
    return psa_generate_key(&attributes, key); // finds: use:RSA
}

int of_small_kind(int longer, psa_key_id_t *key) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_RSA_KEY_PAIR); // finds: use:RSA
    if (longer)
        psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
    else
        psa_set_key_bits(&attributes, 1024); // finds: use:RSA weak-key-size
    return psa_generate_key(&attributes, key); // finds: use:RSA
}

int agrees_into_key(psa_key_id_t own, const unsigned char *peer, const psa_key_attributes_t *kind, psa_key_id_t *key) {
    psa_export_public_key(own, 0, 0, 0);
    return psa_key_agreement(own, peer, 65, PSA_ALG_ECDH, kind, key); // finds: use:ECDH
}
