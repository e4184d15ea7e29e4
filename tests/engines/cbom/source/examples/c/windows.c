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
    CryptHashData(hash, (BYTE *)password, strlen(password), 0);
    CryptDeriveKey(provider, CALG_AES_256, hash, 0, &key); // finds: use:AES hardcoded-key
    CryptGenKey(provider, CALG_RSA_KEYX, 0, &pair); // finds: use:RSA
    CryptEncrypt(pair, 0, TRUE, 0, 0, 0, 0); // finds: use:RSA weak-padding
    CryptEncrypt(pair, 0, TRUE, CRYPT_OAEP, 0, 0, 0); // finds: use:RSA
}
