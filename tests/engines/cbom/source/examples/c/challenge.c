#include <openssl/md5.h>
#include <openssl/sha.h>

void answer(const unsigned char *challenge, const char *password, unsigned char id, unsigned char *out) {
    SHA256_CTX ctx;
    SHA256_Init(&ctx); // finds: use:SHA-256
    SHA256_Update(&ctx, &id, 1);
    SHA256_Update(&ctx, password, strlen(password));
    SHA256_Update(&ctx, challenge, 16);
    SHA256_Final(out, &ctx);
}
