#include <curl/curl.h>
#include <jwt/jwt.hpp>
#include <openssl/evp.h>
#include <QSslSocket>
#include <sodium.h>

using namespace jwt::params;

void connect(CURL *handle, bool verify) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L); // finds: use:TLS
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L); // finds: disabled-certificate-check
}

class Sealer {
  public:
    explicit Sealer(unsigned char side) {
        memset(nonce, 0, 24);
    }
    void seal(const unsigned char *message, unsigned char *out) {
        advance();
        crypto_secretbox_easy(out, message, 10, nonce, key); // finds: use:XSalsa20-Poly1305
    }
    void seal_again(const unsigned char *message, unsigned char *out) {
        crypto_secretbox_easy(out, message, 10, fixed, key); // finds: use:XSalsa20-Poly1305 static-iv
    }

  private:
    void advance() {
        for (int i = 0; i < 24; i++) {
            nonce[i]++;
            if (nonce[i]) break;
        }
    }
    unsigned char nonce[24];
    unsigned char fixed[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
    unsigned char key[32];
};

const EVP_CIPHER *cipher_of(int kind) {
    switch (kind) {
    case 1:
        return EVP_aes_128_cbc(); // finds: use:AES
    case 2:
        return EVP_aes_256_ctr(); // finds: use:AES
    case 3:
        return EVP_des_ede3_cbc(); // finds: use:3DES weak-cipher
    default:
        return EVP_aes_256_gcm(); // finds: use:AES
    }
}

const EVP_CIPHER *cbc_of(int bits) {
    switch (bits) {
    case 128:
        return EVP_aes_128_cbc(); // finds: use:AES unauthenticated-mode
    case 192:
        return EVP_aes_192_cbc(); // finds: use:AES unauthenticated-mode
    default:
        return EVP_aes_256_cbc(); // finds: use:AES unauthenticated-mode
    }
}

std::string subject_of(const std::string &token, const std::string &pem) {
    auto decoded = jwt::decode(token, algorithms({"rs256"}), error, secret(pem)); // finds: use:RSA use:JSON_Web_Signature
    auto trusted = jwt::decode(token, algorithms({"hs256"}), error, secret("hunter2-hunter2"), verify(false)); // finds: use:HMAC-SHA-256 hardcoded-key unverified-signature
    return decoded.payload().get_claim_value<std::string>("sub");
}

void serve(QSslSocket *socket) {
    socket->setPeerVerifyMode(QSslSocket::VerifyNone); // finds: use:TLS
    socket->startServerEncryption(); // finds: use:TLS
    socket->ignoreSslErrors(); // finds: use:TLS
}

struct Sealed {
    std::optional<CryptoPP::GCM<CryptoPP::AES>::Encryption> sealing; // finds: use:AES
    std::optional<int> count;
};

void minimum(SSL_CTX *context, int above, int level, bool *encrypted, BIO *bio) {
    int version = 0;
    if (above >= 0) version = TLS1_VERSION + above;
    SSL_CTX_set_min_proto_version(context, version); // finds: use:TLS
    int mode = SSL_VERIFY_NONE;
    if (level == 2) mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
    SSL_CTX_set_verify(context, mode, nullptr); // finds: use:TLS
    bool asked = false;
    auto key = PEM_read_bio_PrivateKey(bio, nullptr, on_password, &asked);
    QCryptographicHash given(static_cast<QCryptographicHash::Algorithm>(level)); // finds: use:
}
