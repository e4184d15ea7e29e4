#include <string.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

struct row {
    const char *name;
    const EVP_MD *(*digest)(void);
};

static const struct row rows[] = {
    {"md5", EVP_md5}, // finds: use:MD5 weak-hash
    {"sha256", EVP_sha256}, // finds: use:SHA-256
    {NULL, NULL},
};

int by_pointer(EVP_MD_CTX *ctx, const char *name)
{
    const struct row *each;
    for (each = rows; each->name != NULL; each++) {
        if (strcmp(each->name, name) == 0)
            return EVP_DigestInit_ex(ctx, each->digest(), NULL); // finds: use:MD5 use:SHA-256
    }
    return 0;
}

struct connection {
    SSL_CTX *ctx;
    char *authority;
};

void begin(struct connection *c)
{
    c->ctx = NULL;
    c->authority = NULL;
}

int start(struct connection *c)
{
    if (c->authority == NULL)
        return 0;
    if (!c->ctx)
        c->ctx = SSL_CTX_new(TLS_client_method()); // finds: use:TLS
    return 1;
}
