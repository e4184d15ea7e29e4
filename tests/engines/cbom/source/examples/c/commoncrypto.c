#include <CommonCrypto/CommonCrypto.h>
#include <Security/Security.h>

static const char *const secret = "0123456789abcdef";

void all(const void *data, size_t size, unsigned char *out, size_t *moved, const void *key, SSLContextRef tls) {
    unsigned char iv[16], salt[16];
    CC_MD5(data, size, out); // finds: use:MD5 weak-hash
    CC_SHA256(data, size, out); // finds: use:SHA-256
    CC_SHA1_CTX sha;
    CC_SHA1_Init(&sha); // finds: use:SHA-1 weak-hash
    CCCrypt(kCCEncrypt, kCCAlgorithmDES, kCCOptionPKCS7Padding, key, 8, NULL, data, size, out, size, moved); // finds: static-iv use:DES weak-cipher unauthenticated-mode
    CCCrypt(kCCEncrypt, kCCAlgorithmAES128, kCCOptionPKCS7Padding | kCCOptionECBMode, secret, 16, NULL, data, size, out, size, moved); // finds: use:AES ecb-mode hardcoded-key
    SecRandomCopyBytes(kSecRandomDefault, sizeof(iv), iv); // finds: use:CSPRNG
    CCCrypt(kCCEncrypt, kCCAlgorithmAES, kCCOptionPKCS7Padding, key, 16, iv, data, size, out, size, moved); // finds: use:AES unauthenticated-mode
    CCCrypt(kCCDecrypt, kCCAlgorithmAES, kCCOptionPKCS7Padding, key, 16, "0123456789abcdef", data, size, out, size, moved); // finds: use:AES unauthenticated-mode
    CCKeyDerivationPBKDF(kCCPBKDF2, data, size, (const uint8_t *)"salt", 4, kCCPRFHmacAlgSHA1, 1000, out, 32); // finds: use:PBKDF2 static-salt low-kdf-iterations
    SSLSetProtocolVersionMin(tls, kTLSProtocol1); // finds: use:TLSv1.0 weak-protocol
    SSLSetProtocolVersionMin(tls, kTLSProtocol12); // finds: use:TLSv1.2
    (void)salt;
}

void macs(const void *data, size_t size, unsigned char *out) {
    CCHmac(kCCHmacAlgMD5, secret, 16, data, size, out); // finds: use:HMAC-MD5 weak-hash hardcoded-key
}

static void CC_counter(const char *name) { (void)name; }
void own(void) { CC_counter("CC_MD5"); }

SecKeyRef made(CFDataRef data, SecKeyRef key)
{
    int bits = 1024;
    CFNumberRef size = CFNumberCreate(NULL, kCFNumberIntType, &bits);
    CFMutableDictionaryRef attributes = CFDictionaryCreateMutable(NULL, 0, NULL, NULL);
    CFDictionarySetValue(attributes, kSecAttrKeyType, kSecAttrKeyTypeRSA);
    CFDictionarySetValue(attributes, kSecAttrKeySizeInBits, size);
    SecKeyCreateEncryptedData(key, kSecKeyAlgorithmRSAEncryptionPKCS1, data, NULL); // finds: use:RSA weak-padding
    SecKeyCreateEncryptedData(key, kSecKeyAlgorithmRSAEncryptionOAEPSHA256, data, NULL); // finds: use:RSA
    SecKeyCreateSignature(key, kSecKeyAlgorithmECDSASignatureMessageX962SHA256, data, NULL); // finds: use:ECDSA
    return SecKeyCreateRandomKey(attributes, NULL); // finds: use:RSA weak-key-size
}

CCCryptorStatus without_iv(const void *key, const void *iv, const void *in, size_t size, void *out, size_t *made) {
    CCCrypt(kCCEncrypt, kCCAlgorithmAES, kCCOptionPKCS7Padding, key, kCCKeySizeAES128, NULL, in, size, out, size, made); // finds: use:AES static-iv unauthenticated-mode
    CCCrypt(kCCDecrypt, kCCAlgorithmAES, kCCOptionPKCS7Padding, key, kCCKeySizeAES128, NULL, in, size, out, size, made); // finds: use:AES unauthenticated-mode
    return CCCrypt(kCCEncrypt, kCCAlgorithmRC4, 0, key, 16, NULL, in, size, out, size, made); // finds: use:RC4 weak-cipher
}
