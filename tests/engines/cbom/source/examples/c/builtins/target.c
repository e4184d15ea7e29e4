#include <openssl/evp.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, (const unsigned char *)"0123456789abcdef", data); // finds: use:AES
    return 0;
}
