#define OLD_DIGEST "MD4"

void keys_set(void *ctx, const unsigned char *key);
