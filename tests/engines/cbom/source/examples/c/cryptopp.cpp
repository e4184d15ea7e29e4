#include <cryptopp/aes.h>
#include <cryptopp/des.h>
#include <cryptopp/md5.h>
#include <cryptopp/modes.h>
#include <cryptopp/osrng.h>
#include <cryptopp/pwdbased.h>
#include <cryptopp/rsa.h>

using namespace CryptoPP;
using Digest = CryptoPP::SHA1;
using Same = other::Same<int>; // The name stands in what it is.

Same same(3);

void modes(const unsigned char *key, const unsigned char *nonce) {
    CBC_Mode<AES>::Encryption chained(key, 16, nonce); // finds: use:AES unauthenticated-mode
    ECB_Mode<DES>::Encryption old; // finds: use:DES weak-cipher ecb-mode
    GCM<AES>::Encryption sealed; // finds: use:AES
    unsigned char iv[12] = "eleven byte";
    sealed.SetKeyWithIV(key, 16, iv, 12); // finds: static-iv
    CryptoPP::CTR_Mode<CryptoPP::AES>::Decryption opened; // finds: use:AES unauthenticated-mode
    opened.SetKeyWithIV(key, 16, iv, 12);
    DES_EDE3::Encryption triple(key, 24); // finds: use:3DES weak-cipher
    ARC4 stream((const unsigned char *)"secret key", 10); // finds: use:RC4 weak-cipher hardcoded-key
}

void digests(const unsigned char *key) {
    Digest digest; // finds: use:SHA-1 weak-hash
    Weak::MD5 broken; // finds: use:MD5 weak-hash
    auto made = std::make_unique<CryptoPP::SHA256>(); // finds: use:SHA-256
    HMAC<SHA256> mac(key, 32); // finds: use:HMAC-SHA-256
}

void keys() {
    AutoSeededRandomPool random; // finds: use:CSPRNG
    InvertibleRSAFunction parameters; // finds: use:RSA
    parameters.GenerateRandomWithKeySize(random, 1024); // finds: weak-key-size
    SecByteBlock key(16);
    random.GenerateBlock(key, key.size());
    PKCS5_PBKDF2_HMAC<SHA256> derivation; // finds: use:PBKDF2
    unsigned char out[32];
    derivation.DeriveKey(out, 32, 0, (const unsigned char *)"password", 8, key, 16, 1000); // finds: hardcoded-key low-kdf-iterations
    RSAES_PKCS1v15_Encryptor hidden; // finds: use:RSA weak-padding
}

void templates(const RSA::PublicKey &shown, const RSA::PrivateKey &own) {
    RSAES<PKCS1v15>::Encryptor hidden(shown); // finds: use:RSA weak-padding
    RSAES<OAEP<SHA256>>::Encryptor sealed(shown); // finds: use:RSA
    RSASS<PSS, SHA1>::Signer old(own); // finds: use:RSA weak-hash
    RSASS<PKCS1v15, SHA256>::Signer signer(own); // finds: use:RSA
    ECDSA<ECP, SHA1>::Signer curve(own); // finds: use:ECDSA weak-hash
}

namespace own {
struct MD5 {
    void Update(const char *) {}
};
void checksum() { MD5 sum; sum.Update("x"); }
} // namespace own

void groups(CryptoPP::AutoSeededRandomPool &random) {
    CryptoPP::DH agreement; // finds: use:DH
    agreement.AccessGroupParameters().GenerateRandomWithKeySize(random, 1024); // finds: use:DH weak-key-size
    agreement.AccessGroupParameters().GenerateRandomWithKeySize(random, 3072); // finds: use:DH
}
