#include <windows.h>
#include <wincrypt.h>
#include <string.h>

#define SECRET "0123456789abcdef"

void keys(HCRYPTPROV provider, const char *given) {
    HCRYPTHASH hash;
    HCRYPTKEY key, pair;
    char password[32];
    CryptCreateHash(provider, CALG_MD5, 0, 0, &hash); // finds: use:MD5 weak-hash
    CryptCreateHash(provider, CALG_SHA_256, 0, 0, &hash); // finds: use:SHA-256
    CryptHashData(hash, (BYTE *)given, strlen(given), 0);
    CryptDeriveKey(provider, CALG_3DES, hash, 0, &key); // finds: use:3DES weak-cipher
    strcpy(password, SECRET);
    CryptHashData(hash, (BYTE *)password, strlen(password), 0); // finds: use:SHA-256 weak-kdf
    CryptDeriveKey(provider, CALG_AES_256, hash, 0, &key); // finds: use:AES hardcoded-key
    CryptGenKey(provider, CALG_RSA_KEYX, 0, &pair); // finds: use:RSA
    CryptEncrypt(pair, 0, TRUE, 0, 0, 0, 0); // finds: use:RSA weak-padding
    CryptEncrypt(pair, 0, TRUE, CRYPT_OAEP, 0, 0, 0); // finds: use:RSA
}

void parameters(HCRYPTPROV provider, HCRYPTKEY given) {
    HCRYPTKEY key;
    DWORD mode = CRYPT_MODE_ECB;
    CryptGenKey(provider, CALG_RC4, 0, &key); // finds: use:RC4 weak-cipher
    CryptGenKey(provider, CALG_AES_128, 0, &key); // finds: use:AES
    CryptSetKeyParam(key, KP_MODE, (BYTE *)&mode, 0); // finds: ecb-mode
}

void next_generation(BCRYPT_KEY_HANDLE rsa, UCHAR *data, ULONG size, UCHAR *out, ULONG *moved) {
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    BCRYPT_KEY_HANDLE key;
    UCHAR iv[16];
    BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_MD5_ALGORITHM, NULL, 0); // finds: use:MD5 weak-hash
    BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0); // finds: use:MD5
    BCryptOpenAlgorithmProvider(&algorithm, L"SHA256", NULL, 0); // finds: use:SHA-256
    BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_AES_ALGORITHM, NULL, 0); // finds: use:AES
    BCryptSetProperty(algorithm, BCRYPT_CHAINING_MODE, (PUCHAR)BCRYPT_CHAIN_MODE_ECB, sizeof(BCRYPT_CHAIN_MODE_ECB), 0); // finds: ecb-mode
    BCryptGenerateSymmetricKey(algorithm, &key, NULL, 0, (PUCHAR)"0123456789abcdef", 16, 0); // finds: hardcoded-key
    BCryptGenRandom(NULL, iv, sizeof(iv), BCRYPT_USE_SYSTEM_PREFERRED_RNG); // finds: use:CSPRNG
    BCryptEncrypt(rsa, data, size, NULL, NULL, 0, out, size, moved, BCRYPT_PAD_PKCS1); // finds: use:RSA weak-padding
    BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_RSA_ALGORITHM, NULL, 0); // finds: use:RSA
    BCryptGenerateKeyPair(algorithm, &key, 1024, 0); // finds: use:RSA weak-key-size
    BCryptDeriveKeyPBKDF2(algorithm, data, size, (PUCHAR)"salt", 4, 1000, out, 32, 0); // finds: use:PBKDF2 static-salt low-kdf-iterations
}

static void Crypt_own(const char *name) { (void)name; }
void own(void) { Crypt_own("CALG_MD5"); }

void channels(HCRYPTPROV provider, HCRYPTKEY *key)
{
    SCHANNEL_CRED old = {0};
    SCHANNEL_CRED good = {0};
    old.grbitEnabledProtocols = SP_PROT_SSL3_CLIENT | SP_PROT_TLS1_2_CLIENT; // finds: use:SSLv3 use:TLSv1.2 weak-protocol
    old.dwFlags = SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS; // finds: disabled-certificate-check
    good.grbitEnabledProtocols = SP_PROT_TLS1_2_CLIENT; // finds: use:TLSv1.2
    good.dwFlags = SCH_USE_STRONG_CRYPTO | SCH_CRED_NO_DEFAULT_CREDS;
    CryptGenKey(provider, AT_SIGNATURE, (1024 << 16) | CRYPT_EXPORTABLE, key); // finds: use:RSA weak-key-size
    CryptGenKey(provider, AT_SIGNATURE, CRYPT_EXPORTABLE, key); // finds: use:RSA
}

SECURITY_STATUS kept(NCRYPT_PROV_HANDLE provider, NCRYPT_KEY_HANDLE *key)
{
    DWORD bits = 1024;
    NCryptCreatePersistedKey(provider, key, NCRYPT_RSA_ALGORITHM, L"name", 0, 0); // finds: use:RSA
    return NCryptSetProperty(*key, NCRYPT_LENGTH_PROPERTY, (PBYTE)&bits, sizeof bits, 0); // finds: weak-key-size
}

NTSTATUS macs(BCRYPT_ALG_HANDLE *provider, NCRYPT_KEY_HANDLE key, PBYTE in, PBYTE out, DWORD *size) {
    BCryptOpenAlgorithmProvider(provider, BCRYPT_SHA256_ALGORITHM, NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG); // finds: use:HMAC-SHA-256
    NCryptEncrypt(key, in, 16, NULL, out, 256, size, NCRYPT_PAD_PKCS1_FLAG); // finds: use:RSA weak-padding
    return NCryptEncrypt(key, in, 16, NULL, out, 256, size, NCRYPT_PAD_OAEP_FLAG); // finds: use:RSA
}

struct ciphering {
    BCRYPT_ALG_HANDLE provider;
    BCRYPT_KEY_HANDLE key;
};

struct ciphering *begins(unsigned char *secret) {
    struct ciphering *made = calloc(1, sizeof(struct ciphering));
    BCryptOpenAlgorithmProvider(&made->provider, BCRYPT_AES_ALGORITHM, NULL, 0); // finds: use:AES
    BCryptGenerateSymmetricKey(made->provider, &made->key, NULL, 0, secret, 32, 0); // finds: use:AES
    return made;
}

void without_opening(HCRYPTPROV provider, HCRYPTKEY pair, HCRYPTHASH hash, BYTE *in, DWORD size) {
    BCRYPT_HASH_HANDLE digest;
    BCryptCreateHash(BCRYPT_MD5_ALG_HANDLE, &digest, NULL, 0, NULL, 0, 0); // finds: use:MD5 weak-hash
    CryptGenKey(provider, AT_KEYEXCHANGE, RSA1024BIT_KEY, &pair); // finds: use:RSA weak-key-size
    CryptVerifySignature(hash, in, size, pair, NULL, 0); // finds: use:RSA unverified-signature
}

void from_the_start(void) {
    SCHANNEL_CRED older = {.dwVersion = 4, .grbitEnabledProtocols = SP_PROT_TLS1_CLIENT}; // finds: use:TLSv1.0 weak-protocol
    SCHANNEL_CRED newer = {.dwVersion = 4, .grbitEnabledProtocols = SP_PROT_TLS1_2_CLIENT}; // finds: use:TLSv1.2
}
