#include <botan/hash.h>
#include <cryptopp/sha.h>
#include <mbedtls/sha256.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <QCryptographicHash>
#include <sodium.h>
#include <windows.h>
#include <wolfssl/wolfcrypt/sha256.h>

void at_once(const std::string &password, const std::string &salt, unsigned char *out) {
    SHA256((const unsigned char *)password.c_str(), password.size(), out); // finds: use:SHA-256 weak-kdf
    SHA512(reinterpret_cast<const unsigned char *>(password.data()), 8, out); // finds: use:SHA-512 weak-kdf
    SHA256((const unsigned char *)(salt + password).c_str(), 24, out); // finds: use:SHA-256 weak-kdf
    EVP_Digest(password.data(), 8, out, NULL, EVP_sha256(), NULL); // finds: use:SHA-256 weak-kdf
    mbedtls_sha256((const unsigned char *)password.data(), 8, out, 0); // finds: use:SHA-256 weak-kdf
    wc_Sha256Hash((const byte *)password.data(), 8, out); // finds: use:SHA-256 weak-kdf
    crypto_hash_sha256(out, (const unsigned char *)password.data(), 8); // finds: use:SHA-256 weak-kdf
    SHA256((const unsigned char *)salt.c_str(), salt.size(), out); // finds: use:SHA-256
}

void in_pieces(const char *user_pwd, const unsigned char *salt, unsigned char *out, EVP_MD_CTX *md, SHA256_CTX *older) {
    SHA256_Init(older); // finds: use:SHA-256
    SHA256_Update(older, salt, 16);
    SHA256_Update(older, user_pwd, strlen(user_pwd)); // finds: use:SHA-256 weak-kdf
    SHA256_Final(out, older);
    EVP_DigestInit_ex(md, EVP_sha384(), nullptr); // finds: use:SHA-384
    EVP_DigestUpdate(md, salt, 16);
    EVP_DigestUpdate(md, user_pwd, strlen(user_pwd)); // finds: use:SHA-384 weak-kdf
    EVP_DigestFinal_ex(md, out, nullptr);
}

QByteArray in_objects(const QString &passphrase, const std::string &password, unsigned char *out) {
    QCryptographicHash hash(QCryptographicHash::Sha256); // finds: use:SHA-256
    hash.addData(passphrase.toUtf8()); // finds: use:SHA-256 weak-kdf
    auto made = Botan::HashFunction::create("SHA-256"); // finds: use:SHA-256
    made->update(password); // finds: use:SHA-256 weak-kdf
    CryptoPP::SHA512 longer; // finds: use:SHA-512
    longer.CalculateDigest(out, (const byte *)password.data(), password.size()); // finds: use:SHA-512 weak-kdf
    return QCryptographicHash::hash(passphrase.toUtf8(), QCryptographicHash::Sha256); // finds: use:SHA-256 weak-kdf
}

void of_windows(HCRYPTHASH hash, HCRYPTPROV provider, BYTE *password, DWORD size, BYTE *out) {
    CryptCreateHash(provider, CALG_SHA_256, 0, 0, &hash); // finds: use:SHA-256
    CryptHashData(hash, password, size, 0); // finds: use:SHA-256 weak-kdf
    BCryptHash(BCRYPT_SHA256_ALG_HANDLE, NULL, 0, password, size, out, 32); // finds: use:SHA-256 weak-kdf
}

static void sha256crypt(const char *password, unsigned char *out) {
    SHA256((const unsigned char *)password, strlen(password), out); // finds: use:SHA-256
}

void through(const char *password, const char *password_hash, unsigned char *out) {
    sha256crypt(password, out);
    SHA256((const unsigned char *)password_hash, 64, out); // finds: use:SHA-256
}
