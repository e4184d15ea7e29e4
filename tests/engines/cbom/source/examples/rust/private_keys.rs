use jsonwebtoken::{EncodingKey, DecodingKey};
const PRIVATE: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBg\n-----END PUBLIC KEY-----";
fn f(path: &str) {
    let a = EncodingKey::from_rsa_pem(PRIVATE.as_bytes()).unwrap(); // finds: use:RSA hardcoded-key
    let b = EncodingKey::from_rsa_pem(include_bytes!("../private.pem")).unwrap(); // finds: use:RSA hardcoded-key
    let c = DecodingKey::from_rsa_pem(PUBLIC.as_bytes()).unwrap(); // finds: use:RSA
    let d = EncodingKey::from_ec_pem(&std::fs::read(path).unwrap()).unwrap(); // finds: use:ECDSA
    let e = EncodingKey::from_ed_pem(PRIVATE.as_bytes()).unwrap(); // finds: use:EdDSA hardcoded-key
    let f = openssl::pkey::PKey::private_key_from_pem(PRIVATE.as_bytes()).unwrap(); // finds: hardcoded-key
    let g = openssl::rsa::Rsa::private_key_from_pem(include_bytes!("key.pem")).unwrap(); // finds: use:RSA hardcoded-key
}

fn g(der: &[u8], file: &str) {
    use rsa::pkcs8::DecodePrivateKey;
    let a = rsa::RsaPrivateKey::from_pkcs8_pem(PRIVATE).unwrap(); // finds: use:RSA hardcoded-key
    let b = rsa::RsaPrivateKey::from_pkcs8_pem(file).unwrap(); // finds: use:RSA
    let c = ring::signature::Ed25519KeyPair::from_pkcs8(include_bytes!("ed.pk8")).unwrap(); // finds: use:Ed25519 hardcoded-key
    let d = ring::signature::Ed25519KeyPair::from_pkcs8(der).unwrap(); // finds: use:Ed25519
    let e = openssl::pkey::PKey::public_key_from_pem(PUBLIC.as_bytes()).unwrap();
}

#[test]
fn tested() {
    let a = EncodingKey::from_rsa_pem(include_bytes!("../private.pem")).unwrap(); // finds: use:RSA
}
