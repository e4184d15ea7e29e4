#include <cryptopp/md5.h>
#include <cryptopp/sha.h>
#include <openssl/evp.h>
#include <array>
#include <string>
#include <vector>

template <const EVP_MD *(*Kind)()>
std::string digest(const std::string &in) {
    unsigned char out[EVP_MAX_MD_SIZE];
    EVP_Digest(in.data(), in.size(), out, nullptr, Kind(), nullptr); // finds: use:SHA-256 use:MD5
    return std::string(reinterpret_cast<char *>(out), 16);
}

std::string identifier(const std::string &in) { return digest<EVP_md5>(in); } // finds: use:MD5 weak-hash
std::string content(const std::string &in) { return digest<&EVP_sha256>(in); } // finds: use:SHA-256

template <typename Hash>
void hashed(const unsigned char *data, size_t size, unsigned char *out) {
    Hash hash;
    hash.CalculateDigest(out, data, size);
}

void both(const unsigned char *data, size_t size, unsigned char *out) {
    hashed<CryptoPP::Weak::MD5>(data, size, out); // finds: use:MD5 weak-hash
    hashed<CryptoPP::SHA256>(data, size, out); // finds: use:SHA-256
}

class Sealed {
  public:
    Sealed() : key_{0x01, 0x02, 0x03, 0x04}, nonce_(12, 0) {}

    void seal(EVP_CIPHER_CTX *ctx) {
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key_.data(), nonce_.data()); // finds: use:AES hardcoded-key static-iv
    }

  private:
    std::array<unsigned char, 32> key_;
    std::vector<unsigned char> nonce_;
};

void filled(EVP_CIPHER_CTX *ctx, const unsigned char *key, const std::vector<unsigned char> &given) {
    std::array<unsigned char, 12> zeros{};
    std::array<unsigned char, 12> fresh{};
    std::vector<unsigned char> copied(12);
    std::string text(12, '\0');
    RAND_bytes(fresh.data(), 12); // finds: use:CSPRNG
    RAND_bytes(reinterpret_cast<unsigned char *>(&text[0]), 12); // finds: use:CSPRNG
    std::copy(given.begin(), given.end(), copied.begin());
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, zeros.data()); // finds: use:AES static-iv
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, fresh.data()); // finds: use:AES
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, copied.data()); // finds: use:AES
    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, (const unsigned char *)text.data()); // finds: use:AES
}

template <const EVP_MD *(*Kind)()>
class Hasher {
  public:
    Hasher() : ctx_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(ctx_, Kind(), nullptr); } // finds: use:SHA-384 use:SHA-512
    static void once(const void *data, unsigned char *out) { EVP_Digest(data, 3, out, nullptr, Kind(), nullptr); } // finds: use:SHA-224

  private:
    EVP_MD_CTX *ctx_;
};

using Content = Hasher<EVP_sha384>; // finds: use:SHA-384

template <typename Cipher, int Bits = 2048>
class Box {
  public:
    void seal(const unsigned char *key, const unsigned char *iv) {
        typename CryptoPP::CBC_Mode<Cipher>::Encryption chained(key, 16, iv); // finds: use:Blowfish weak-cipher unauthenticated-mode
    }
    static void size(EVP_PKEY_CTX *ctx) { EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, Bits); } // finds: use:RSA weak-key-size
};

void of_classes(const unsigned char *data, unsigned char *out, EVP_PKEY_CTX *ctx) {
    Content content;
    Hasher<&EVP_sha512> other; // finds: use:SHA-512
    Hasher<EVP_sha224>::once(data, out); // finds: use:SHA-224
    Box<CryptoPP::Blowfish> box;
    box.seal(data, out);
    Box<CryptoPP::AES, 1024>::size(ctx);
}

int chosen(const EVP_CIPHER *&kind, int version) {
    if (version == 1) {
        kind = EVP_bf_cbc(); // finds: use:Blowfish weak-cipher unauthenticated-mode
        return 1;
    }
    kind = EVP_aes_256_gcm(); // finds: use:AES
    return 2;
}
