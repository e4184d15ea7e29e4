#include <openssl/evp.h>

/* A function gives no object where it has failed; what it makes is what its callers get. */

static const EVP_MD *digest_of(int id, const EVP_MD *digest) {
    const EVP_MD *result = NULL;
    if (id < 0)
        goto out;
    result = digest;
out:
    return result;
}

int hash(EVP_MD_CTX *context, int id) {
    const EVP_MD *digest = digest_of(id, EVP_md5()); // finds: use:MD5 weak-hash
    return EVP_DigestInit_ex(context, digest, NULL); // finds: use:MD5
}
