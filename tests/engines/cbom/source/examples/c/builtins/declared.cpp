#include <cryptopp/aes.h>
#include <cryptopp/modes.h>
#include <memory>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <QSslKey>

#define TICKET_CIPHER (EVP_aes_256_gcm)

class Exchange : public Module {
    std::unique_ptr<DH, decltype(&DH_free)> m_dh;

public:
    MODCONSTRUCTOR(Exchange), m_dh(DH_new(), DH_free) {}

    bool start() {
        return DH_generate_key(m_dh.get()) == 1; // finds: use:DH
    }
};

unsigned char *Digests::MD5(const unsigned char *input, unsigned int size) {
    ::MD5(input, size, output); // finds: use:MD5 weak-hash
    return output;
}

unsigned char *Digests::own(const unsigned char *input, unsigned int size) {
    return MD5(input, size);
}

void temporary(const std::vector<unsigned char> &key, unsigned char *out) {
    CryptoPP::CFB_Mode<CryptoPP::AES>::Encryption{key.data(), key.size(), out}.ProcessData(out, out, 16); // finds: use:AES unauthenticated-mode
}

void tested(const QByteArray &data) {
    if (const QSslKey key {data, QSsl::Ec}; !key.isNull()) return; // finds: use:EC
    if (auto hash = EVP_MD_fetch(nullptr, "SHA256", nullptr)) { // finds: use:SHA-256
        EVP_DigestInit_ex(context, hash, nullptr); // finds: use:SHA-256
    }
}

void pointed(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *iv) {
    auto cipher = std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)>(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr), &EVP_CIPHER_free); // finds: use:AES
    EVP_EncryptInit_ex2(context, cipher.get(), key, iv, nullptr); // finds: use:AES
    EVP_EncryptInit_ex(context, TICKET_CIPHER(), nullptr, key, iv); // finds: use:AES
}
