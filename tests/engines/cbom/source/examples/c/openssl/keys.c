#include <openssl/evp.h>
#include "names.h"

void keys_set(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, NULL); // finds: use:AES hardcoded-key
}

void keys_named(void) {
    EVP_get_digestbyname(OLD_DIGEST); // finds: use:MD4 weak-hash
    EVP_DigestInit_ex(NULL, OLD_METHOD, NULL); // finds: use:MD4 weak-hash
}
