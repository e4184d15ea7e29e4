#include <bearssl.h>
#include <linux/crypto.h>
#include <monocypher.h>
#include <tee_internal_api.h>
#include <tomcrypt.h>
#include "aes.h"
#include "uECC.h"

void tomcrypt(const unsigned char *key, const unsigned char *iv, const unsigned char *in, unsigned char *out, int n) {
    unsigned long size;
    cbc_start(find_cipher("des"), iv, key, 8, 0, &state); // finds: use:DES weak-cipher
    cbc_start(register_cipher(&aes_desc), (const unsigned char *)"0123456789abcdef", key, 16, 0, &state); // finds: use:AES static-iv
    ecb_start(find_cipher("aes"), key, 16, 0, &state); // finds: use:AES ecb-mode
    gcm_memory(find_cipher("aes"), key, 16, iv, 12, NULL, 0, in, n, out, tag, &size, GCM_ENCRYPT); // finds: use:AES
    hash_memory(find_hash("md5"), in, n, out, &size); // finds: use:MD5 weak-hash
    hmac_memory(find_hash("sha1"), (const unsigned char *)"a key", 5, in, n, out, &size); // finds: use:HMAC-SHA-1 hardcoded-key
    rsa_make_key(&prng, number, 1024 / 8, 65537, &pair); // finds: use:RSA weak-key-size
    rsa_encrypt_key_ex(in, n, out, &size, NULL, 0, &prng, number, hash, LTC_PKCS_1_V1_5, &pair); // finds: use:RSA weak-padding
    rsa_encrypt_key_ex(in, n, out, &size, NULL, 0, &prng, number, hash, LTC_PKCS_1_OAEP, &pair); // finds: use:RSA
    pkcs_5_alg2(in, n, (const unsigned char *)"salt", 4, 1000, find_hash("sha1"), out, &size); // finds: use:PBKDF2 static-salt low-kdf-iterations
}

void small_ones(struct AES_ctx *ctx, const uint8_t *key, const uint8_t *iv, uint8_t *in, uint8_t *out, size_t n) {
    AES_init_ctx_iv(ctx, (const uint8_t *)"0123456789abcdef", iv); // finds: use:AES hardcoded-key
    AES_ECB_encrypt(ctx, in); // finds: use:AES ecb-mode
    uECC_make_key(out, in, uECC_secp160r1()); // finds: use:EC weak-key-size
    uECC_verify(key, in, 32, out, uECC_secp256r1()); // finds: use:EC use:ECDSA unverified-signature
    crypto_aead_lock(out, in, key, (const uint8_t *)"fixed nonce of 24 bytes!", NULL, 0, in, n); // finds: use:XChaCha20-Poly1305 static-iv
    crypto_aead_unlock(out, in, key, iv, NULL, 0, in, n); // finds: use:XChaCha20-Poly1305
    br_md5_init(&state); // finds: use:MD5 weak-hash
    br_des_ct_cbcenc_init(&state, key, 8); // finds: use:DES weak-cipher unauthenticated-mode
}

void trusted(TEE_OperationHandle operation, TEE_ObjectHandle object, uint8_t *out) {
    TEE_AllocateOperation(&operation, TEE_ALG_AES_ECB_NOPAD, TEE_MODE_ENCRYPT, 256); // finds: use:AES ecb-mode
    TEE_AllocateOperation(&operation, TEE_ALG_RSAES_PKCS1_V1_5, TEE_MODE_ENCRYPT, 2048); // finds: use:RSA weak-padding
    TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0); // finds: use:SHA-256
    TEE_AllocateTransientObject(TEE_TYPE_RSA_KEYPAIR, 1024, &object); // finds: use:RSA weak-key-size
    TEE_GenerateRandom(out, 16); // finds: use:CSPRNG
}

void in_kernel(u8 *key) {
    crypto_alloc_skcipher("ecb(aes)", 0, 0); // finds: use:AES ecb-mode
    crypto_alloc_skcipher("xts(aes)", 0, 0); // finds: use:AES
    crypto_alloc_skcipher("cbc(des3_ede)", 0, 0); // finds: use:3DES weak-cipher unauthenticated-mode
    crypto_alloc_shash("md5", 0, 0); // finds: use:MD5 weak-hash
    crypto_alloc_aead("gcm(aes)", 0, 0); // finds: use:AES
    get_random_bytes(key, 16); // finds: use:CSPRNG
}
