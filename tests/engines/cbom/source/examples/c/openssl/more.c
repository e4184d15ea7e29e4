#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rc4.h>
#include <openssl/ssl.h>
#include <string.h>

static int accept_all(int ok, X509_STORE_CTX *store) { return 1; }
static int accept_good(int ok, X509_STORE_CTX *store) { return ok; }

void fetched(EVP_MD_CTX *digesting, EVP_CIPHER_CTX *ctx, const unsigned char *key) {
    EVP_MD *md = EVP_MD_fetch(NULL, "MD5", NULL); // finds: use:MD5 weak-hash
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "DES-EDE3-CBC", NULL); // finds: use:3DES weak-cipher
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL); // finds: use:CMAC
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL); // finds: use:HKDF
    EVP_DigestInit_ex(digesting, md, NULL); // finds: use:MD5
    EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL); // finds: use:3DES
    EVP_get_digestbynid(NID_sha1); // finds: use:SHA-1 weak-hash
    EVP_get_cipherbynid(NID_des_ede3_cbc); // finds: use:3DES weak-cipher
    (void)mac;
    (void)kdf;
}

void ciphers(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *in, unsigned char *out) {
    EVP_EncryptInit_ex(ctx, EVP_aes_192_ccm(), NULL, key, (const unsigned char *)"fixed nonce!"); // finds: use:AES static-iv
    EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, (const unsigned char *)"fixed nonce!", 0); // finds: use:AES
    EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, (const unsigned char *)"fixed nonce!", 1); // finds: use:AES static-iv
    EVP_DecryptInit_ex(ctx, EVP_camellia_192_ecb(), NULL, key, NULL); // finds: use:Camellia ecb-mode
    EVP_EncryptInit_ex(ctx, EVP_rc4(), NULL, key, NULL); // finds: use:RC4 weak-cipher
    EVP_EncryptInit_ex(ctx, EVP_enc_null(), NULL, key, NULL); // finds: use:NULL weak-cipher
    DES_key_schedule schedule;
    DES_cblock iv = {0};
    DES_set_key_unchecked((const_DES_cblock *)key, &schedule); // finds: use:DES weak-cipher
    DES_ecb_encrypt((const_DES_cblock *)in, (DES_cblock *)out, &schedule, DES_ENCRYPT); // finds: use:DES weak-cipher ecb-mode
    DES_ncbc_encrypt(in, out, 16, &schedule, &iv, DES_ENCRYPT); // finds: use:DES weak-cipher unauthenticated-mode static-iv
    RC4_KEY rc4;
    RC4_set_key(&rc4, 8, (const unsigned char *)"password"); // finds: use:RC4 weak-cipher hardcoded-key weak-key-size
    RC4(&rc4, 16, in, out); // finds: use:RC4 weak-cipher
}

void keys(const char *bits) {
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL); // finds: use:RSA
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024); // finds: use:RSA weak-key-size
    EVP_PKEY_CTX_ctrl_str(ctx, "rsa_keygen_bits", "512"); // finds: use:RSA weak-key-size
    EVP_PKEY_CTX_ctrl_str(ctx, "rsa_keygen_bits", bits); // finds: use:RSA
    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024); // finds: use:RSA weak-key-size
    EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-192"); // finds: use:EC weak-key-size
    EC_KEY_new_by_curve_name(NID_secp160r1); // finds: use:EC weak-key-size
    EC_KEY_new_by_curve_name(OBJ_txt2nid("secp384r1")); // finds: use:EC
    DH_get_1024_160(); // finds: use:DH weak-key-size
}

void paddings(EVP_PKEY *key, EVP_MD_CTX *digesting) {
    EVP_PKEY_CTX *signing = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_sign_init(signing);
    EVP_PKEY_CTX_set_rsa_padding(signing, RSA_PKCS1_PADDING); // finds: use:RSA
    EVP_PKEY_CTX *hiding = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_encrypt_init(hiding);
    EVP_PKEY_CTX_set_rsa_padding(hiding, RSA_PKCS1_PADDING); // finds: use:RSA weak-padding
    EVP_PKEY_CTX *inner = NULL;
    EVP_DigestSignInit(digesting, &inner, EVP_sha256(), NULL, key); // finds: use:SHA-256
    EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PADDING); // finds: use:RSA
}

void derived(const char *password, unsigned char *out) {
    unsigned char key[32], salt[16];
    memset(salt, 0, sizeof(salt));
    PKCS5_PBKDF2_HMAC(password, -1, salt, sizeof(salt), 100000, EVP_sha512(), 32, key); // finds: use:PBKDF2 static-salt use:SHA-512
    HMAC(EVP_sha256(), key, 32, (const unsigned char *)password, 4, out, NULL); // finds: use:HMAC-SHA-256 use:SHA-256
    HMAC(EVP_sha256(), "key", 3, (const unsigned char *)password, 4, out, NULL); // finds: use:HMAC-SHA-256 use:SHA-256 hardcoded-key
    EVP_BytesToKey(EVP_aes_256_cbc(), EVP_md5(), NULL, (const unsigned char *)password, 8, 1, key, NULL); // finds: use:EVP_BytesToKey weak-kdf use:AES use:MD5 weak-hash
    EVP_PBE_scrypt(password, 8, salt, 16, 1024, 8, 1, 0, key, 32); // finds: use:scrypt low-kdf-iterations static-salt
}

void connections(SSL_CTX *ctx) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, accept_all); // finds: disabled-certificate-check
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, accept_good); // finds: use:TLS
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, 0); // finds: use:TLS
    SSL_CTX_set_cipher_list(ctx, "HIGH:!aNULL:!MD5:!RC4"); // finds: use:TLS
    SSL_CTX_set_cipher_list(ctx, "RC4-SHA:DES-CBC3-SHA:HIGH:!aNULL"); // finds: use:TLS use:RC4 use:3DES weak-cipher:RC4 weak-cipher:3DES
    SSL_CTX_set_cipher_list(ctx, "ALL:eNULL"); // finds: use:TLS use:NULL weak-cipher
    SSL_CTX_new(TLSv1_client_method()); // finds: use:TLSv1.0 weak-protocol
    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION); // finds: use:TLSv1.3
    SSL_CTX_set_security_level(ctx, 0); // finds: weak-protocol
}

/* One's own functions with such names. */
static void HMAC_own(const char *key) { (void)key; }
static int RC4_count(int x) { return x; }
void own(void) {
    HMAC_own("secret");
    RC4_count(4);
}

const SSL_METHOD *either(void)
{
#if OPENSSL_VERSION_NUMBER < 0x10100000L
    return SSLv23_client_method(); // finds: use:TLS
#else
    return TLS_client_method(); // finds: use:TLS
#endif
}

const EVP_CIPHER *cased(int kind)
{
    const EVP_CIPHER *cipher = NULL;
    switch (kind) {
    case 0:
        cipher = EVP_aes_128_gcm(); // finds: use:AES
        break;
#ifdef HAVE_CFB
    case 1:
        cipher = EVP_get_cipherbyname("des-ecb"); // finds: use:DES weak-cipher
        break;
#endif
    case 2: cipher = EVP_get_cipherbyname("aes-128-gcm"); break; // finds: use:AES
    case 3: cipher = EVP_get_cipherbyname("aes-192-gcm"); break; // finds: use:AES
    case 4: cipher = EVP_get_cipherbyname("aes-256-gcm"); break; // finds: use:AES
    case 5: cipher = EVP_get_cipherbyname("aes-128-ccm"); break; // finds: use:AES
    case 6: cipher = EVP_get_cipherbyname("aes-192-ccm"); break; // finds: use:AES
    case 7: cipher = EVP_get_cipherbyname("aes-256-ccm"); break; // finds: use:AES
    case 8: cipher = EVP_get_cipherbyname("chacha20-poly1305"); break; // finds: use:ChaCha20-Poly1305
    case 9: cipher = EVP_get_cipherbyname("camellia-128-gcm"); break; // finds: use:Camellia
    }
    return cipher;
}

EVP_PKEY *raw(const unsigned char *key)
{
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, 32); // finds: use:X25519
}

int either_way(EVP_CIPHER_CTX *ctx, AES_KEY *schedule, const unsigned char *in, unsigned char *out, unsigned char *iv, int encrypts)
{
    AES_cbc_encrypt(in, out, 16, schedule, iv, encrypts); // finds: use:AES unauthenticated-mode
    return EVP_CipherInit_ex(ctx, EVP_aes_128_gcm(), NULL, (const unsigned char *)"0123456789abcdef", iv, encrypts); // finds: use:AES hardcoded-key
}

void rarer(const unsigned char *in, unsigned char *out, BIGNUM *number, EVP_MD_CTX *verifying) {
    SHA512_256(in, 16, out); // finds: use:SHA-512/256
    DH_new_by_nid(NID_ffdhe3072); // finds: use:DH
    X25519_keypair(out, out + 32); // finds: use:X25519
    BN_rand(number, 256, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY); // finds: use:CSPRNG
    EVP_DigestVerifyFinal(verifying, in, 64); // finds: unverified-signature
}
