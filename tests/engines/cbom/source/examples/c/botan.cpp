#include <botan/auto_rng.h>
#include <botan/cipher_mode.h>
#include <botan/hash.h>
#include <botan/hex.h>
#include <botan/rsa.h>

namespace example {
class Box {
  public:
    explicit Box(const char *name) : name_(name) { open(); }
    void open() { Botan::HashFunction::create(name_); } // finds: use:SHA-384

  private:
    const char *name_;
};

void all(Botan::RandomNumberGenerator &generator) {
    Botan::Cipher_Mode::create("AES-128/CBC", Botan::ENCRYPTION); // finds: use:AES
    auto cipher = Botan::Cipher_Mode::create_or_throw("AES-256/GCM", Botan::Cipher_Dir::Encryption); // finds: use:AES
    cipher->set_key(Botan::hex_decode("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")); // finds: hardcoded-key
    cipher->start(Botan::hex_decode("000102030405060708090A0B")); // finds: static-iv
    Botan::AutoSeeded_RNG random; // finds: use:CSPRNG
    cipher->start(random.random_vec(12));
    Botan::HashFunction::create("MD5"); // finds: use:MD5 weak-hash
    Botan::BlockCipher::create("DES"); // finds: use:DES weak-cipher
    Botan::MessageAuthenticationCode::create("HMAC(SHA-256)"); // finds: use:HMAC-SHA-256
    Botan::RSA_PrivateKey key(random, 1024); // finds: use:RSA weak-key-size
    Botan::create_private_key("RSA", random, "1024"); // finds: use:RSA weak-key-size
    Botan::EC_Group("secp160r1"); // finds: use:EC weak-key-size
    Botan::PK_Encryptor_EME hidden(key, random, "PKCS1v15"); // finds: use:RSA weak-padding
    Botan::PK_Encryptor_EME good(key, random, "OAEP(SHA-256)"); // finds: use:RSA
    Box box("SHA-384");
    Botan::create_private_key("Kyber", random, "Kyber-768-r3"); // finds: use:ML-KEM-768
    Botan::create_private_key("ML-DSA", random, "ML-DSA-6x5"); // finds: use:ML-DSA-65
}

class Lenient : public Botan::TLS::Policy {
  public:
    bool allow_tls10() const override { return true; } // finds: use:TLS weak-protocol
    bool allow_tls11() const override { return false; }
    bool allow_tls12() const override { return true; }
};

class Trusting : public Botan::TLS::Callbacks {
  public:
    void tls_verify_cert_chain(const Chain &chain, const Policy &) override { // finds: use:TLS disabled-certificate-check
        // trusted on first use
    }
};

class Checking : public Botan::TLS::Callbacks {
  public:
    void tls_verify_cert_chain(const Chain &chain, const Policy &policy) override {
        Botan::TLS::Callbacks::tls_verify_cert_chain(chain, policy);
    }
};
} // namespace example

void signatures(Botan::RandomNumberGenerator &random, const Botan::Private_Key &key, const Botan::DL_Group &group) {
    Botan::PK_Signer old(key, random, "EMSA3(SHA-1)"); // finds: use:RSA weak-hash
    Botan::PK_Signer signer(key, random, "PSS(SHA-256)"); // finds: use:RSA
    Botan::PK_Signer curve(key, random, "SHA-256"); // finds: use:ECDSA
    Botan::DSA_PrivateKey small(random, group); // finds: use:DSA
    Botan::PK_Signer of_it(small, random, "EMSA1(SHA-256)"); // finds: use:DSA
    Botan::PK_Verifier verifier(key, "EMSA4(SHA-1)"); // finds: use:RSA weak-hash
    Botan::ECDSA_PublicKey shown(group, point); // finds: use:ECDSA
    Botan::KDF::create("HKDF(SHA-256)"); // finds: use:HKDF
    Botan::rfc3394_keywrap(data, key); // finds: use:AES
}

void interface_of_c(const uint8_t *key, uint8_t *out) {
    botan_hash_t hash;
    botan_hash_init(&hash, "MD5", 0); // finds: use:MD5 weak-hash
    botan_cipher_t cipher;
    botan_cipher_init(&cipher, "AES-128/GCM", 0); // finds: use:AES
    botan_cipher_set_key(cipher, key, 16);
    botan_cipher_start(cipher, (const uint8_t *)"twelve bytes", 12); // finds: use:AES static-iv
    botan_privkey_t made;
    botan_privkey_create(&made, "RSA", "1024", random); // finds: use:RSA weak-key-size
    botan_pbkdf("PBKDF2(SHA-256)", out, 32, phrase, salt, 16, 1000); // finds: use:PBKDF2 low-kdf-iterations
}

void pipes(const Botan::SymmetricKey &key, const Botan::InitializationVector &iv) {
    Botan::Pipe pipe(Botan::get_cipher("AES-256/CBC", key, iv, Botan::ENCRYPTION)); // finds: use:AES unauthenticated-mode
    Botan::Pipe opened(Botan::get_cipher("AES-256/GCM", key, iv, Botan::DECRYPTION)); // finds: use:AES
    Botan::Cipher_Mode::create("AES-256/CTR-BE", Botan::ENCRYPTION); // finds: use:AES unauthenticated-mode
    Botan::X509::create_self_signed_cert(options, own, "SHA-1", random); // finds: use:X.509 weak-hash
    Botan::DL_Group("modp/ietf/3072"); // finds: use:DH
}

void older_groups() {
    Botan::DL_Group small("dsa/botan/1024"); // finds: use:DH weak-key-size
    Botan::DL_Group large("dsa/botan/3072"); // finds: use:DH
}
