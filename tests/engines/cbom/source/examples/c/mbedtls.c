#include "mbedtls/aes.h"
#include "mbedtls/md.h"
#include "mbedtls/ssl.h"

void all(mbedtls_aes_context *aes, mbedtls_ssl_config *config, const unsigned char *key) {
    mbedtls_md5(key, 16, 0); // finds: use:MD5 weak-hash
    mbedtls_md_info_from_type(MBEDTLS_MD_SHA256); // finds: use:SHA-256
    mbedtls_aes_setkey_enc(aes, key, 128); // finds: use:AES
    mbedtls_aes_crypt_ecb(aes, 1, key, 0); // finds: use:AES ecb-mode
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE); // finds: disabled-certificate-check
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
}
