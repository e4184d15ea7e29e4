#include <QCryptographicHash>
#include <botan/hash.h>
#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

using namespace CryptoPP;
using Digest = CryptoPP::SHA1;

namespace example {
class Box {
  public:
    explicit Box(const char *name) : name_(name) { open(); }
    void open() { Botan::HashFunction::create(name_); } // finds: use:SHA-384

  private:
    const char *name_;
};

void all(const unsigned char *key, const unsigned char *nonce, QByteArray data) {
    CBC_Mode<AES>::Encryption chained(key, 16, nonce); // finds: use:AES unauthenticated-mode
    ECB_Mode<DES>::Encryption old; // finds: use:DES weak-cipher ecb-mode
    GCM<AES>::Encryption sealed; // finds: use:AES
    Digest digest; // finds: use:SHA-1 weak-hash
    auto made = std::make_unique<CryptoPP::SHA256>(); // finds: use:SHA-256
    QCryptographicHash::hash(data, QCryptographicHash::Md5); // finds: use:MD5 weak-hash
    Botan::Cipher_Mode::create("AES-128/CBC", 0); // finds: use:AES unauthenticated-mode
    Box box("SHA-384");
}
} // namespace example
