#include <openssl/evp.h>

int split(int a)
{
#ifdef ONE
    if (a) {
#else
    if (!a) {
#endif
        return 1;
    }
    return 0;
}

int behind(EVP_MD_CTX *ctx)
{
    return EVP_DigestInit_ex(ctx, EVP_md5(), NULL); // finds: use:MD5 weak-hash
}
