#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "wrapping.h"

static const int sizes[] = {1024, 4096};

static void from_array(EVP_CIPHER_CTX *ctx, char *given[]) {
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, (unsigned char *)given[2], NULL); // finds: use:AES hardcoded-key
}

static void from_struct(EVP_CIPHER_CTX *ctx, settings_t given) {
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, given.key, NULL); // finds: use:AES hardcoded-key
}

void call(EVP_CIPHER_CTX *ctx, RSA *rsa, BIGNUM *e) {
    char *several[5];
    settings_t settings;
    unsigned char *zeros = calloc(1, 16);
    several[1] = getenv("KEY");
    several[2] = "0123456789abcdef";
    from_array(ctx, several);
    memcpy(settings.key, "0123456789abcdef", 16);
    from_struct(ctx, settings);
    encrypt_with((const unsigned char *)"0123456789abcdef0123456789abcdef", application_iv);
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, several[1], NULL); // finds: use:AES
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, NULL, zeros); // finds: use:AES static-iv
    RSA_generate_key_ex(rsa, SHORT, e, NULL); // finds: use:RSA weak-key-size
    RSA_generate_key_ex(rsa, sizes[0], e, NULL); // finds: use:RSA weak-key-size
    RSA_generate_key_ex(rsa, sizes[1], e, NULL); // finds: use:RSA
}
