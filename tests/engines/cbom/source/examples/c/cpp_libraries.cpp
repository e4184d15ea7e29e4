#include <Poco/Crypto/CipherKey.h>
#include <Poco/MD5Engine.h>
#include <Poco/Net/Context.h>
#include <httplib.h>
#include <jwt-cpp/jwt.h>

void poco(const std::string &password, const std::string &key) {
    Poco::MD5Engine md5; // finds: use:MD5 weak-hash
    Poco::SHA2Engine sha; // finds: use:SHA-256
    Poco::HMACEngine<Poco::SHA1Engine> mac(key); // finds: use:HMAC
    Poco::Crypto::CipherKey old("des-ede3-cbc", password); // finds: use:3DES weak-cipher
    Poco::Crypto::RSAKey small(Poco::Crypto::RSAKey::KL_1024, Poco::Crypto::RSAKey::EXP_LARGE); // finds: use:RSA weak-key-size
    Poco::Crypto::RSAKey large(Poco::Crypto::RSAKey::KL_4096, Poco::Crypto::RSAKey::EXP_LARGE); // finds: use:RSA
    Poco::Net::Context::Ptr open = new Poco::Net::Context(Poco::Net::Context::CLIENT_USE, "", "", "", Poco::Net::Context::VERIFY_NONE); // finds: use:TLS disabled-certificate-check
    Poco::Net::Context::Ptr checked = new Poco::Net::Context(Poco::Net::Context::CLIENT_USE, "", "", "", Poco::Net::Context::VERIFY_RELAXED); // finds: use:TLS
}

std::string tokens(const std::string &key, const std::string &pem) {
    auto made = jwt::create().sign(jwt::algorithm::hs256{"a secret of the program"}); // finds: use:HMAC-SHA-256 hardcoded-key
    auto other = jwt::create().sign(jwt::algorithm::hs256(key)); // finds: use:HMAC-SHA-256
    auto unsigned_ = jwt::create().sign(jwt::algorithm::none{}); // finds: unverified-signature
    auto verifier = jwt::verify().allow_algorithm(jwt::algorithm::rs256(pem)); // finds: use:RSA
    return made + other;
}

std::string unchecked(const std::string &token) {
    auto decoded = jwt::decode(token); // finds: use:JSON_Web_Signature unverified-signature
    return decoded.get_subject();
}

std::string checked(const std::string &token, const jwt::verifier<jwt::default_clock> &verifier) {
    auto decoded = jwt::decode(token);
    verifier.verify(decoded);
    return decoded.get_subject();
}

std::string key_of(const std::string &token) { return jwt::decode(token).get_key_id(); }

std::string issued(Poco::JWT::Token &token, const std::string &key) {
    Poco::JWT::Signer signer("0123456789ABCDEF0123456789ABCDEF"); // finds: use:HMAC hardcoded-key
    return signer.sign(token, Poco::JWT::Signer::ALGO_HS256); // finds: use:HMAC-SHA-256
}

void device() {
    WiFiClientSecure client;
    client.setInsecure(); // finds: use:TLS disabled-certificate-check
}

void clients() {
    httplib::SSLClient client("example.org");
    client.enable_server_certificate_verification(true); // finds: use:TLS
    client.enable_server_certificate_verification(false); // finds: use:TLS disabled-certificate-check
}

unsigned char *digest_of_shown(Window *window, const unsigned char *text, size_t size, unsigned char *out) {
    show(ui::Shown{.kind = window->kind.last, .wide = true});
    return MD5(text, size, out);  // finds: weak-hash
}
