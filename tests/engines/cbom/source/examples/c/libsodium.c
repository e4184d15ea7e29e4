#include <sodium.h>

void boxes(unsigned char *out, const unsigned char *message, const unsigned char *key) {
    unsigned char nonce[24] = {0};
    crypto_secretbox_easy(out, message, 16, nonce, key); // finds: use:XSalsa20-Poly1305 static-iv
    randombytes_buf(nonce, sizeof nonce); // finds: use:CSPRNG
    crypto_secretbox_easy(out, message, 16, nonce, key); // finds: use:XSalsa20-Poly1305
    crypto_sign_detached(out, 0, message, 16, key); // finds: use:Ed25519
    crypto_pwhash(out, 32, "", 0, key, 3, 65536, 2); // finds: use:Argon2
}
