#include <openssl/evp.h>

/* A function with more sets of arguments than are followed runs with unknown ones, too. */

static int digest(EVP_MD_CTX *context, int kind, const char *name) {
    printf("%s", name);
    if (kind < 100)
        return EVP_DigestInit_ex(context, EVP_sha256(), NULL); // finds: use:SHA-256
    if (kind < 200)
        return EVP_DigestInit_ex(context, EVP_sha512(), NULL); // finds: use:SHA-512
    return 0;
}

void runs(EVP_MD_CTX *context) {
    digest(context, 1, "1");
    digest(context, 2, "2");
    digest(context, 3, "3");
    digest(context, 4, "4");
    digest(context, 5, "5");
    digest(context, 6, "6");
    digest(context, 7, "7");
    digest(context, 8, "8");
    digest(context, 9, "9");
    digest(context, 10, "10");
    digest(context, 11, "11");
    digest(context, 12, "12");
    digest(context, 13, "13");
    digest(context, 14, "14");
}
