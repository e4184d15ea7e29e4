#include <string.h>
#include "placed.h"

int placed(EVP_MD_CTX *ctx)
{
    const EVP_MD *digest = OLD_DIGEST; // finds: use:SHA-1 weak-hash
    return EVP_DigestInit_ex(ctx, digest, NULL); // finds: use:SHA-1
}

int calling(EVP_MD_CTX *ctx)
{
    return placed(ctx) + 1;
}

int counted(EVP_CIPHER_CTX *ctx, const unsigned char *key, unsigned long number)
{
    unsigned char nonce[16];
    memset(nonce, 0, sizeof nonce);
    STORE_NUMBER(nonce + 8, number);
    return EVP_EncryptInit_ex(ctx, EVP_chacha20(), NULL, key, nonce); // finds: use:ChaCha20
}

int fixed(EVP_CIPHER_CTX *ctx, const unsigned char *key)
{
    unsigned char nonce[16];
    memset(nonce, 0, sizeof nonce);
    return EVP_EncryptInit_ex(ctx, EVP_chacha20(), NULL, key, nonce); // finds: use:ChaCha20 static-iv
}
