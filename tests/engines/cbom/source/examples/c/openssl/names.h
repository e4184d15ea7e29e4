#define OLD_DIGEST "MD4"
#define OLD_METHOD EVP_md4()

void keys_set(void *ctx, const unsigned char *key);
