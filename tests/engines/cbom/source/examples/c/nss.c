#include <nss.h>
#include <pk11pub.h>
#include <sechash.h>
#include <ssl.h>

void hashes(unsigned char *out, const unsigned char *data, int size, SECOidTag tag) {
    PK11_HashBuf(SEC_OID_SHA256, out, data, size); // finds: use:SHA-256
    PK11_HashBuf(SEC_OID_MD5, out, data, size); // finds: use:MD5 weak-hash
    PK11_HashBuf(tag, out, data, size); // finds: use:
    HASHContext *context = HASH_Create(HASH_AlgSHA1); // finds: use:SHA-1 weak-hash
    HASH_Begin(context);
    PK11Context *digest = PK11_CreateDigestContext(SEC_OID_SHA512); // finds: use:SHA-512
    PK11_DigestBegin(digest);
}

void encrypts(PK11SlotInfo *slot, SECItem *item, SECItem *nonce, unsigned char *out, unsigned *size) {
    PK11SymKey *key = PK11_ImportSymKey(slot, CKM_AES_GCM, PK11_OriginUnwrap, CKA_ENCRYPT, item, NULL); // finds: use:AES
    PK11_Encrypt(key, CKM_AES_GCM, nonce, out, size, 64, item->data, item->len); // finds: use:AES
    PK11_CreateContextBySymKey(CKM_DES_ECB, CKA_ENCRYPT, key, nonce); // finds: use:DES weak-cipher ecb-mode
    PK11_CreateContextBySymKey(CKM_SHA256_HMAC, CKA_SIGN, key, nonce); // finds: use:HMAC-SHA-256
    PK11_KeyGen(slot, CKM_AES_KEY_GEN, NULL, 32, NULL); // finds: use:AES
    PK11_GenerateRandom(out, 16); // finds: use:CSPRNG
}

void signs(PK11SlotInfo *slot, SECItem *result, SECKEYPrivateKey *key, SECKEYPublicKey **out, const unsigned char *data) {
    PK11_GenerateKeyPair(slot, CKM_EC_KEY_PAIR_GEN, result, out, PR_FALSE, PR_FALSE, NULL); // finds: use:EC quantum-vulnerable
    SEC_SignData(result, data, 20, key, SEC_OID_PKCS1_SHA256_WITH_RSA_ENCRYPTION); // finds: use:RSA quantum-vulnerable
    PK11_Sign(key, result, result); // finds: use:
}

PRFileDesc *connects(PRFileDesc *socket, SSLVersionRange *range) {
    PRFileDesc *secure = SSL_ImportFD(NULL, socket); // finds: use:TLS
    SSL_VersionRangeSet(secure, range); // finds: use:TLS
    return secure;
}

PK11Context *of_callers_mechanism(CK_MECHANISM_TYPE mechanism, PK11SymKey *key, SECItem *parameter) {
    PK11_GetIVLength(mechanism);
    return PK11_CreateContextBySymKey(mechanism, CKA_DECRYPT, key, parameter); // finds: use:
}
