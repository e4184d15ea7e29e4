#include "md5.h"
#include "sha256.h"
#include "blake2.h"
#include "blake3.h"
#include <apr_general.h>

void names_file(FILE *file, const char *name, size_t size, unsigned char *digest) {
    struct md5_ctx context;
    md5_init_ctx(&context); // finds: use:MD5 weak-hash
    md5_process_bytes(name, size, &context);
    md5_finish_ctx(&context, digest);
    sha256_stream(file, digest); // finds: use:SHA-256
    sha1_buffer(name, size, digest); // finds: use:SHA-1 weak-hash
}

void of_rfc_1321(const unsigned char *message, unsigned length, unsigned char *digest) {
    MD5_CTX context;
    MD5Init(&context); // finds: use:MD5 weak-hash
    MD5Update(&context, message, length);
    MD5Final(digest, &context);
    SHA256Init(&context); // finds: use:SHA-256
    SHA256_Data(message, length, digest); // finds: use:SHA-256
}

void of_blake(const unsigned char *message, unsigned length, const unsigned char *key, unsigned char *digest) {
    blake2b_state state;
    blake2b_init(&state, 32); // finds: use:BLAKE2b
    blake2s_init_key(&state, 32, "9fK2-kd81-mmQx", 14); // finds: use:BLAKE2s hardcoded-key
    blake3_hasher hasher;
    blake3_hasher_init(&hasher); // finds: use:BLAKE3
    blake3_hasher_init_keyed(&hasher, key); // finds: use:BLAKE3
}

int of_others(const unsigned char *key, size_t size, size_t count, const unsigned char **parts, const size_t *sizes,
              unsigned char *mac) {
    apr_generate_random_bytes(mac, 32); // finds: use:CSPRNG
    if (sha1_vector(count, parts, sizes, mac) < 0) // finds: use:SHA-1 weak-hash
        return -1;
    return hmac_sha256_vector(key, size, count, parts, sizes, mac); // finds: use:HMAC-SHA-256
}

static void SHA512Init(struct random_pool *pool) { pool->count = 0; }

void of_program(struct random_pool *pool) {
    SHA512Init(pool);
    MD5Init(pool, 1, 2);
}
