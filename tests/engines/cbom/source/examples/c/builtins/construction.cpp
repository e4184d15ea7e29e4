#include <string>
#include <openssl/evp.h>

class Digest {
public:
    explicit Digest(const EVP_MD *kind) : kind_(kind) {}
    int begin(EVP_MD_CTX *ctx) { return EVP_DigestInit_ex(ctx, kind_, nullptr); } // finds: use:SHA-1

private:
    const EVP_MD *kind_;
};

int constructed(EVP_MD_CTX *ctx) {
    Digest digest(EVP_sha1()); // finds: use:SHA-1 weak-hash
    return digest.begin(ctx);
}

static void name_it(std::string &name) { name = "MD5"; }

static void look(const std::string &name, std::string copy) { copy = name; }

int referenced(EVP_MD_CTX *ctx) {
    std::string name = "SHA256";
    std::string other = "SHA1";
    look(name, other);
    EVP_DigestInit_ex(ctx, EVP_get_digestbyname(name.c_str()), nullptr); // finds: use:SHA-256
    name_it(name);
    return EVP_DigestInit_ex(ctx, EVP_get_digestbyname(name.c_str()), nullptr); // finds: use:MD5 weak-hash
}

struct Plain {
    int size = 512;
};

struct Copied : Plain {
    Copied(const Copied &other) : Plain(other) {}
    int bits() const { return missing + size; }
};

class Keys {
  public:
    Keys(const EVP_MD *hash, int bits) : m_hash(hash), m_bits(bits) {}
    void make(EVP_PKEY_CTX *context) { EVP_PKEY_CTX_set_rsa_keygen_bits(context, m_bits); } // finds: use:RSA weak-key-size

  private:
    const EVP_MD *m_hash;
    int m_bits;
};

class Small final : public Keys {
  public:
    Small() : Keys(EVP_sha256(), 1024) {} // finds: use:SHA-256
    Small(int) : Small() {}
};

class AES final : public Keys {
  public:
    AES() : Keys{EVP_md5(), 2048} {} // finds: use:MD5 weak-hash
};

void no_key_yet(EVP_CIPHER_CTX *context, const unsigned char *key, const unsigned char *nonce) {
    EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), 0, 0, 0); // finds: use:ChaCha20-Poly1305
    EVP_EncryptInit_ex(context, 0, 0, key, nonce);
}

class HmacSha1 {
  public:
    const EVP_MD *hash() const { return EVP_sha1(); } // finds: use:SHA-1
};

class CmacOfAes {
  public:
    const EVP_CIPHER *cipher() const { return EVP_aes_128_cbc(); } // finds: use:AES
};

class Fingerprint {
  public:
    const EVP_MD *hash() const { return EVP_sha1(); } // finds: use:SHA-1 weak-hash
};

template <const EVP_MD *(*Kind)()>
class Content {
  public:
    Content() : kind_(Kind()) {} // finds: use:SHA-512

  private:
    const EVP_MD *kind_;
};

std::unique_ptr<Content<EVP_sha512>> made() { return std::make_unique<Content<EVP_sha512>>(); } // finds: use:SHA-512
