#include <openssl/aes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char block_t[16];

struct box {
    unsigned char key[16];
    unsigned char iv[16];
    int bits;
};

int dice(void) { return rand() % 6 + 1; }

void secrets(char *out) {
    int token = rand(); // finds: weak-random
    int other = rand();
    arc4random_buf(out, 16); // finds: use:CSPRNG
    (void)token;
    (void)other;
}

void letters(char *password, unsigned char *key, char *board) {
    for (int i = 0; i < 16; i++)
        password[i] = "abcdefghijklmnop"[rand() % 16]; // finds: weak-random
    for (int i = 0; i < 16; i++)
        key[i] = rand() & 0xff; // finds: weak-random
    for (int i = 0; i < 16; i++)
        board[i] = rand() & 0xff;
}

extern void fill_elsewhere(unsigned char *out, int size);

void buffers(EVP_CIPHER_CTX *ctx, const unsigned char *given) {
    unsigned char zeros[16] = {0}, filled[16] = {0}, set[16], copied[16], parts[16];
    block_t block = {0};
    memset(set, 0x41, sizeof(set));
    memcpy(copied, "0123456789abcdef", 16);
    memcpy(parts, given, 8);
    fill_elsewhere(filled, sizeof(filled));
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, given, zeros); // finds: use:AES static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, given, block); // finds: use:AES static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, given, set); // finds: use:AES static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, copied, filled); // finds: use:AES hardcoded-key
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, filled, NULL); // finds: use:AES
}

void structs(EVP_CIPHER_CTX *ctx, struct box *given) {
    struct box own = {.key = "0123456789abcdef", .bits = 128};
    AES_KEY schedule;
    memset(own.iv, 0, 16);
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, given->key, own.iv); // finds: use:AES static-iv
    AES_set_encrypt_key(own.key, own.bits, &schedule); // finds: use:AES hardcoded-key
}

char *hashed(const char *password, const char *setting)
{
    crypt(password, "$1$saltsalt$"); // finds: use:MD5-crypt weak-kdf static-salt
    crypt(password, "$6$rounds=5000$saltsalt$"); // finds: use:SHA-crypt static-salt
    return crypt(password, setting);
}
