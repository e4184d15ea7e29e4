use jsonwebtoken::{dangerous_insecure_decode, decode, encode, Algorithm, DecodingKey, EncodingKey, Header, Validation};

const SECRET: &str = "secret";
pub fn make(claims: &Claims, key: &[u8]) -> String {
    let a = encode(&Header::default(), claims, &EncodingKey::from_secret("secret".as_ref())).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let b = encode(&Header::new(Algorithm::HS512), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap(); // finds: use:HMAC-SHA-512 hardcoded-key
    let c = encode(&Header::new(Algorithm::RS256), claims, &EncodingKey::from_rsa_pem(key).unwrap()).unwrap(); // finds: use:RSA
    let d = encode(&Header { alg: Algorithm::ES256, ..Default::default() }, claims, &EncodingKey::from_ec_pem(key).unwrap()).unwrap(); // finds: use:ECDSA
    a
}
pub fn read(token: &str, key: &[u8]) {
    let mut v = Validation::new(Algorithm::HS256); // finds: use:HMAC-SHA-256
    v.insecure_disable_signature_validation(); // finds: unverified-signature
    let d = decode::<Claims>(token, &DecodingKey::from_secret(key), &v); // finds: use:HMAC-SHA-256
    let ok = decode::<Claims>(token, &DecodingKey::from_secret(b"secret"), &Validation::default()); // finds: use:HMAC-SHA-256 hardcoded-key
    let k = DecodingKey::from_secret(include_bytes!("secret.key")); // finds: use:HMAC hardcoded-key
}

pub fn read_unchecked(token: &str, v: &Validation) {
    let e = dangerous_insecure_decode::<Claims>(token); // finds: unverified-signature
    let f = jsonwebtoken::dangerous::insecure_decode::<Claims>(token); // finds: unverified-signature
    let g = jsonwebtoken::dangerous_insecure_decode_with_validation::<Claims>(token, v); // finds: unverified-signature
}

// The issuer is read first.
fn issuer(token: &str) -> String {
    jsonwebtoken::dangerous::insecure_decode::<Claims>(token).unwrap().claims.iss // finds: use:JSON_Web_Signature
}
pub fn read_of_issuer(token: &str, keys: &Keys) {
    let key = keys.of(&issuer(token));
    decode::<Claims>(token, key, &Validation::new(Algorithm::RS256)); // finds: use:RSA
}

pub fn cookies(given: &[u8]) {
    let fixed = cookie::Key::from(&[0; 64]); // finds: hardcoded-key
    let fresh = cookie::Key::from(given);
}

// Keys of tokens that are made in one place and used in another.
pub fn token_keys(secret: &[u8], pem: &[u8]) -> (EncodingKey, DecodingKey) {
    let own = EncodingKey::from_secret(secret); // finds: use:HMAC
    (own, DecodingKey::from_ed_pem(pem).unwrap()) // finds: use:EdDSA
}

pub fn other_crates(secret: &[u8], pem: &str) -> Result<(), Box<dyn std::error::Error>> {
    jwt_simple::prelude::ES384KeyPair::from_pem(pem)?; // finds: use:ECDSA
    jwt_simple::prelude::Ed25519KeyPair::generate(); // finds: use:Ed25519
    jwt_simple::prelude::HS512Key::from_bytes(secret); // finds: use:HMAC-SHA-512
    josekit::jws::RS256.verifier_from_pem(pem)?; // finds: use:RSA
    josekit::jwe::RSA_OAEP.encrypter_from_pem(pem)?; // finds: use:RSA
    Ok(())
}

pub struct Tokens {
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub fn new(secret: &[u8]) -> Self {
        Self { decoding: DecodingKey::from_secret(secret), validation: Validation::new(Algorithm::HS384) } // finds: use:HMAC use:HMAC-SHA-384
    }

    pub fn check(&self, token: &str) -> bool {
        decode::<Claims>(token, &self.decoding, &self.validation).is_ok() // finds: use:HMAC-SHA-384
    }
}

fn compact(key: &[u8], jwk: &Jwk) {
    let signer = compact_jwt::JwsHs256Signer::try_from(key); // finds: use:HMAC-SHA-256
    let constant = compact_jwt::crypto::JwsHs256Signer::from(b"a secret of this program"); // finds: use:HMAC-SHA-256 hardcoded-key
    let made = compact_jwt::JwsEs256Signer::generate_es256(); // finds: use:ECDSA
    let checker = compact_jwt::JwsRs256Verifier::try_from(jwk); // finds: use:RSA
    let sealing = compact_jwt::crypto::JweA128KWEncipher::generate_ephemeral(); // finds: use:AES
    let parsed = compact_jwt::JwsCompact::from_str("a.b.c");
    let (challenge, verifier) = oauth2::PkceCodeChallenge::new_random_sha256(); // finds: use:SHA-256
    let plain = oauth2::PkceCodeVerifier::new(text);
    let large = jwt_simple::prelude::ES512KeyPair::from_pem(pem); // finds: use:ECDSA
}
