#include <gcrypt.h>

void all(const unsigned char *key, const unsigned char *data, unsigned char *out) {
    gcry_cipher_hd_t handle;
    unsigned char nonce[16] = {7};
    gcry_md_hash_buffer(GCRY_MD_MD5, out, data, 16); // finds: use:MD5 weak-hash
    gcry_md_hash_buffer(GCRY_MD_SHA256, out, data, 16); // finds: use:SHA-256
    gcry_cipher_open(&handle, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_CBC, 0); // finds: use:AES unauthenticated-mode
    gcry_cipher_setkey(handle, key, 32); // finds: use:AES
    gcry_cipher_setiv(handle, nonce, 16); // finds: static-iv
    gcry_cipher_open(&handle, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_ECB, 0); // finds: use:AES ecb-mode
    gcry_cipher_setkey(handle, "0123456789abcdef0123456789abcdef", 32); // finds: hardcoded-key
    gcry_cipher_open(&handle, GCRY_CIPHER_ARCFOUR, GCRY_CIPHER_MODE_STREAM, 0); // finds: use:RC4 weak-cipher
    gcry_randomize(out, 16, GCRY_STRONG_RANDOM); // finds: use:CSPRNG
    gcry_kdf_derive("password", 8, GCRY_KDF_PBKDF2, GCRY_MD_SHA256, out, 16, 1000, 32, out); // finds: use:PBKDF2 hardcoded-key low-kdf-iterations
}

static int gcry_counter(int x) { return x; }
int own(void) { return gcry_counter(1); }

void keys(gcry_sexp_t *key, gcry_mac_hd_t mac, const void *secret, gcry_md_hd_t digesting)
{
    gcry_sexp_t small, large, curve;
    gcry_sexp_build(&small, NULL, "(genkey (rsa (nbits %d)))", 1024);
    gcry_pk_genkey(key, small); // finds: use:RSA weak-key-size
    gcry_sexp_new(&large, "(genkey (rsa (nbits 4:3072)))", 0, 1);
    gcry_pk_genkey(key, large); // finds: use:RSA
    gcry_sexp_sscan(&curve, NULL, "(genkey (ecc (curve \"NIST P-256\")))", 38);
    gcry_pk_genkey(key, curve); // finds: use:EC
    gcry_mac_open(&mac, GCRY_MAC_HMAC_SHA256, 0, NULL); // finds: use:HMAC-SHA-256
    gcry_mac_setkey(mac, "0123456789abcdef", 16); // finds: hardcoded-key
    gcry_mac_setkey(mac, secret, 16); // finds: use:HMAC-SHA-256
    gcry_md_open(&digesting, GCRY_MD_SHA1, GCRY_MD_FLAG_HMAC); // finds: use:HMAC-SHA-1
    gcry_md_open(&digesting, GCRY_MD_SHA1, 0); // finds: use:SHA-1 weak-hash
}

void agrees_later(unsigned char *public, unsigned char *secret, unsigned char *shared) {
    gcry_kem_keypair(GCRY_KEM_MLKEM768, public, 1184, secret, 2400); // finds: use:ML-KEM-768
    gcry_ecc_mul_point(GCRY_ECC_CURVE25519, shared, secret, public); // finds: use:X25519
    gcry_ecc_get_algo_keylen(GCRY_ECC_CURVE25519);
}
