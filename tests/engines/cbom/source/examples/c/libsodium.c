#include <sodium.h>

void boxes(unsigned char *out, const unsigned char *message, const unsigned char *key) {
    unsigned char nonce[24] = {0};
    crypto_secretbox_easy(out, message, 16, nonce, key); // finds: use:XSalsa20-Poly1305 static-iv
    randombytes_buf(nonce, sizeof nonce); // finds: use:CSPRNG
    crypto_secretbox_easy(out, message, 16, nonce, key); // finds: use:XSalsa20-Poly1305
    crypto_sign_detached(out, 0, message, 16, key); // finds: use:Ed25519
    crypto_pwhash(out, 32, "", 0, key, 3, 65536, 2); // finds: use:Argon2id
}

void streams(unsigned char *out, const unsigned char *message, unsigned char *key) {
    unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    randombytes_buf(nonce, sizeof nonce); // finds: use:CSPRNG
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, message, 16, NULL, 0, NULL, nonce, key); // finds: use:XChaCha20-Poly1305
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, message, 16, NULL, 0, NULL, nonce, key); // finds: use:XChaCha20-Poly1305 nonce-reuse
    crypto_aead_aes256gcm_encrypt(out, NULL, message, 16, NULL, 0, NULL, (const unsigned char *)"twelve bytes", key); // finds: use:AES static-iv
    crypto_secretbox_keygen(key); // finds: use:CSPRNG
    crypto_secretbox_easy(out, message, 16, nonce, (const unsigned char *)"0123456789abcdef0123456789abcdef"); // finds: use:XSalsa20-Poly1305 hardcoded-key nonce-reuse
    crypto_hash_sha256(out, message, 16); // finds: use:SHA-256
    crypto_auth(out, message, 16, key); // finds: use:HMAC-SHA-512
    crypto_scalarmult(out, key, message); // finds: use:X25519
}

static void crypto_own(const char *key) { (void)key; }
void own(void) { crypto_own("secret"); }

void variants(unsigned char *out, unsigned char *mac, const unsigned char *data, const unsigned char *nonce, const unsigned char *key) {
    unsigned char zeros[24] = "same for all messages!!";
    crypto_secretbox_xchacha20poly1305_easy(out, data, 32, zeros, key); // finds: use:XChaCha20-Poly1305 static-iv
    crypto_box_open_easy_afternm(out, data, 48, nonce, key); // finds: use:XSalsa20-Poly1305
    crypto_aead_aes256gcm_decrypt_detached(out, NULL, data, 32, mac, NULL, 0, nonce, key); // finds: use:AES
    crypto_kdf_hkdf_sha256_extract(out, data, 16, key, 32); // finds: use:HKDF
    crypto_scalarmult_curve25519_base(out, key); // finds: use:X25519
    crypto_sign_ed25519_detached(out, NULL, data, 32, key); // finds: use:Ed25519
    crypto_auth_hmacsha256_verify(mac, data, 32, key); // finds: use:HMAC-SHA-256
}
