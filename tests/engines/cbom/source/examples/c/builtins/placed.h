#include <openssl/evp.h>

#define OLD_DIGEST EVP_sha1()
