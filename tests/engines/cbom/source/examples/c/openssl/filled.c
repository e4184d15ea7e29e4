#include <openssl/evp.h>
#include <openssl/rand.h>

/* Arrays of the file are zeros until a function has filled them. */

static unsigned char session_key[32];
static unsigned char session_iv[12];
static unsigned char zero_iv[12];

int seal_later(EVP_CIPHER_CTX *context) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, session_key, session_iv); // finds: use:AES
}

int seal_with_zeros(EVP_CIPHER_CTX *context) {
    return EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, session_key, zero_iv); // finds: use:AES static-iv
}

void begin_session(void) {
    read_key(session_key, sizeof(session_key));
    RAND_bytes(session_iv, sizeof(session_iv)); // finds: use:CSPRNG
}
