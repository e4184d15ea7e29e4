use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use boringtun::x25519;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::DecodingKey;
use rand::distr::Alphanumeric;
use rand::Rng;
use rustls::RootCertStore;

static HASHER: OnceLock<Argon2<'static>> = OnceLock::new();

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::default(), Params::new(19_456, 2, 1, None).unwrap()) // finds: use:Argon2
}

fn hashed(password: &[u8], salt: &str) -> String {
    HASHER.get_or_init(hasher).hash_password(password, salt).unwrap().to_string() // finds: use:Argon2
}

struct Sealer {
    cipher: ChaCha20Poly1305,
}

impl Sealer {
    fn seal(&self, nonce: &Nonce, text: &[u8]) -> Vec<u8> {
        self.cipher.encrypt(nonce, text).unwrap() // finds: use:ChaCha20-Poly1305
    }

    fn fixed(&self, text: &[u8]) -> Vec<u8> {
        self.cipher.encrypt(Nonce::from_slice(b"twelve bytes"), text).unwrap() // finds: use:ChaCha20-Poly1305 static-iv
    }
}

fn token() -> String {
    rand::rng().sample_iter(Alphanumeric).take(24).map(char::from).collect() // finds: use:CSPRNG
}

fn longer_token() -> String {
    rand::rng() // finds: use:CSPRNG
        .sample_iter(Alphanumeric)
        .take(48)
        .map(char::from)
        .collect()
}

fn verified(text: &str, key: &DecodingKey, validation: &jsonwebtoken::Validation) -> bool {
    jsonwebtoken::decode::<Claims>(text, key, validation).is_ok() // finds: use:JSON_Web_Signature
}

fn dice() -> u32 {
    rand::rng().random_range(1..7)
}

fn keys(raw: [u8; 32], jwk: &Jwk, key: p256::PublicKey) {
    let _ = x25519::StaticSecret::from(raw); // finds: use:X25519
    let _ = DecodingKey::from_jwk(jwk);      // finds: use:JSON_Web_Signature
    let _ = ecdsa::VerifyingKey::from(key);  // finds: use:ECDSA
    let _ = RootCertStore::empty();          // finds: use:X.509
    let _ = x25519_dalek::PublicKey::from(raw); // finds: use:X25519
    let _ = rustls::pki_types::PrivateKeyDer::from_pem_file("key.pem"); // finds: use:X.509
}

fn client(accept: bool) -> reqwest::ClientBuilder {
    reqwest::Client::builder().danger_accept_invalid_certs(accept) // finds: use:TLS
}
