#include <string>
#include <openssl/evp.h>

class Digest {
public:
    explicit Digest(const EVP_MD *kind) : kind_(kind) {}
    int begin(EVP_MD_CTX *ctx) { return EVP_DigestInit_ex(ctx, kind_, nullptr); }

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
