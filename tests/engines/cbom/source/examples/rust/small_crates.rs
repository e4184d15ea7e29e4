use openssl::pkcs7::{Pkcs7, Pkcs7Flags, Pkcs7Ref};

fn hashes(data: &[u8], key: &[u8]) {
    let _ = hmac_sha256::Hash::hash(data); // finds: use:SHA-256
    let _ = hmac_sha256::HMAC::mac(data, key); // finds: use:HMAC-SHA-256
    let _ = hmac_sha256::HMAC::mac(data, b"a constant key in the code"); // finds: use:HMAC-SHA-256 hardcoded-key
    let _ = hmac_sha512::HMAC::mac(data, key); // finds: use:HMAC-SHA-512
    let _ = hmac_sha1::hmac_sha1(key, data); // finds: use:HMAC-SHA-1
    let _ = hmac_sha1_compact::HMAC::mac(data, key); // finds: use:HMAC-SHA-1
    let _ = hmac_sha1_compact::Hash::hash(data); // finds: use:SHA-1 weak-hash
    let _ = chksum_md5::chksum(data); // finds: use:MD5 weak-hash
    let mut hasher = chksum_hash_md5::new(); // finds: use:MD5 weak-hash
    hasher.update(data);
    let _ = chksum_sha1::chksum(data); // finds: use:SHA-1 weak-hash
    let _ = chksum_sha2_256::chksum(data); // finds: use:SHA-256
    let _ = md5hash::MD5Hasher::hash(&data); // finds: use:MD5 weak-hash
    let _ = checksums::hash_file("a", checksums::Algorithm::SHA1); // finds: use:SHA-1 weak-hash
    let _ = const_sha1::sha1(data); // finds: use:SHA-1 weak-hash
}

fn magic(key: &str, iv: &str) {
    use magic_crypt::{new_magic_crypt, MagicCrypt256};
    let _ = new_magic_crypt!("magickey", 256, iv); // finds: use:AES hardcoded-key unauthenticated-mode
    let _ = new_magic_crypt!(key, 64); // finds: use:DES weak-cipher static-iv unauthenticated-mode
    let _ = MagicCrypt256::new(key, Some(iv)); // finds: use:AES unauthenticated-mode
}

fn ciphers(key: &[u8; 32], iv: &[u8], data: &[u8]) {
    let cipher = libaes::Cipher::new_256(key); // finds: use:AES
    let _ = cipher.cbc_encrypt(iv, data); // finds: use:AES unauthenticated-mode
    let _ = cipher.cbc_encrypt(b"constant iv 1234", data); // finds: use:AES static-iv unauthenticated-mode
    let _ = cipher.ecb_encrypt(data); // finds: use:AES ecb-mode
    let _ = soft_aes::aes::aes_enc_ecb(data, key, None); // finds: use:AES ecb-mode
    let _ = simple_crypt::encrypt(data, "hunter2"); // finds: use:AES hardcoded-key
    let _ = botan::HashFunction::new("MD5"); // finds: use:MD5 weak-hash
}

fn passwords(password: &str) {
    let _ = djangohashers::make_password(password); // finds: use:PBKDF2
    let _ = password_auth::generate_hash(password); // finds: use:Argon2id
}

fn clients(skip: bool) {
    let _ = attohttpc::get("https://x").danger_accept_invalid_certs(true).send(); // finds: disabled-certificate-check
    let _ = attohttpc::get("https://x").danger_accept_invalid_certs(false).send();
    let _ = other::builder().danger_accept_invalid_hostnames(true); // finds: disabled-certificate-check
    let _ = paho_mqtt::SslOptionsBuilder::new() // finds: use:TLS
        .enable_server_cert_auth(false) // finds: disabled-certificate-check
        .finalize();
    let _ = paho_mqtt::SslOptionsBuilder::new().verify(true).finalize(); // finds: use:TLS
    let _ = mail_send::SmtpClientBuilder::new("h", 587).implicit_tls(false).allow_invalid_certs(); // finds: use:TLS disabled-certificate-check
}

fn tokens(token: &str) {
    let parsed = jwt_compact::UntrustedToken::new(token).unwrap(); // finds: use:JSON_Web_Signature
    let _: jwt_compact::Claims<()> = parsed.deserialize_claims_unchecked().unwrap(); // finds: unverified-signature
    let _ = frank_jwt::encode(header(), &"secret123".to_string(), &payload(), frank_jwt::Algorithm::HS256); // finds: use:HMAC-SHA-256 hardcoded-key
}

fn messages(data: &[u8], certs: &Certs, store: &Store, one: &Pkcs7Ref) {
    let signed = Pkcs7::from_der(data).unwrap(); // finds: use:X.509
    let _ = signed.verify(certs, store, None, None, Pkcs7Flags::NOVERIFY); // finds: use:X.509 disabled-certificate-check
    let _ = one.verify(certs, store, None, None, Pkcs7Flags::empty()); // finds: use:X.509
}
