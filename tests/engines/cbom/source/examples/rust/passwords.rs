use argon2::{password_hash::{rand_core::OsRng, PasswordHash, PasswordHasher, PasswordVerifier, SaltString}, Algorithm, Argon2, Params, Version};
use hmac::Hmac;
use pbkdf2::{pbkdf2, pbkdf2_hmac, pbkdf2_hmac_array};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::num::NonZeroU32;

const ROUNDS: u32 = 1_000;
static ITER: u32 = 10 * 100;
fn rounds() -> u32 { 4096 }

pub fn a(pw: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut out = [0u8; 32];
    pbkdf2_hmac::<Sha256>(pw, salt, ROUNDS, &mut out); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2_hmac::<Sha256>(pw, salt, 600_000, &mut out); // finds: use:PBKDF2
    pbkdf2::<Hmac<Sha1>>(pw, salt, ITER, &mut out).unwrap(); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2::pbkdf2::<Hmac<Sha512>>(pw, b"salt", rounds(), &mut out).unwrap(); // finds: use:PBKDF2 low-kdf-iterations static-salt
    let n = 20;
    let k = pbkdf2_hmac_array::<Sha256, 20>(b"password", b"salt", n); // finds: use:PBKDF2 low-kdf-iterations static-salt hardcoded-key
    out
}
pub fn hkdf(ikm: &[u8]) {
    let hk = hkdf::Hkdf::<Sha256>::new(Some(b"constant"), ikm); // finds: use:HKDF
    let mut okm = [0u8; 42];
    hk.expand(b"info", &mut okm).unwrap();
    let (prk, h2) = hkdf::Hkdf::<Sha512>::extract(None, ikm); // finds: use:HKDF
}
pub fn scrypt(pw: &[u8], salt: &[u8]) {
    let weak = scrypt::Params::new(10, 8, 1, 32).unwrap();
    let mut out = [0u8; 32];
    scrypt::scrypt(pw, salt, &weak, &mut out).unwrap(); // finds: use:scrypt low-kdf-iterations
    scrypt::scrypt(pw, salt, &scrypt::Params::recommended(), &mut out).unwrap(); // finds: use:scrypt
}
pub fn argon(pw: &[u8]) -> String {
    let salt = SaltString::generate(&mut OsRng);
    let argon2 = Argon2::default();
    argon2.hash_password(pw, &salt).unwrap().to_string() // finds: use:Argon2
}
pub fn argon_static(pw: &[u8]) -> String {
    let salt = SaltString::from_b64("c29tZXNhbHRzb21lc2FsdA").unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default()).hash_password(pw, &salt).unwrap().to_string() // finds: use:Argon2 static-salt
}
pub fn argon_into(pw: &[u8]) {
    let mut out = [0u8; 32];
    Argon2::default().hash_password_into(pw, b"example salt", &mut out).unwrap(); // finds: use:Argon2 static-salt
    let h = argon2rs(pw);
    let c = rust_argon2_hash(pw);
}
pub fn argon_verify(pw: &[u8], hash: &str) -> bool {
    let parsed = PasswordHash::new(hash).unwrap();
    Argon2::default().verify_password(pw, &parsed).is_ok() // finds: use:Argon2
}
pub fn bcrypt_all(pw: &str) {
    let a = bcrypt::hash(pw, 4).unwrap(); // finds: use:bcrypt low-kdf-iterations
    let b = bcrypt::hash(pw, bcrypt::DEFAULT_COST).unwrap(); // finds: use:bcrypt
    let c = bcrypt::hash_with_salt(pw, 12, *b"0123456789abcdef").unwrap(); // finds: use:bcrypt static-salt
    let ok = bcrypt::verify(pw, &a).unwrap(); // finds: use:bcrypt
}
pub fn ring_all(pw: &[u8], salt: &[u8]) {
    use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
    static ALG: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA1;
    const N: Option<NonZeroU32> = NonZeroU32::new(100);
    let mut out = [0u8; 32];
    pbkdf2::derive(PBKDF2_HMAC_SHA256, NonZeroU32::new(1000).unwrap(), salt, pw, &mut out); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2::derive(ALG, N.unwrap(), b"salt", pw, &mut out); // finds: use:PBKDF2 low-kdf-iterations static-salt
    pbkdf2::verify(PBKDF2_HMAC_SHA256, N.expect("x"), salt, pw, &out).unwrap(); // finds: use:PBKDF2 low-kdf-iterations
}
pub fn openssl_all(pw: &[u8], salt: &[u8]) {
    use openssl::{hash::MessageDigest, pkcs5::{bytes_to_key, pbkdf2_hmac, scrypt}};
    let mut key = [0; 32];
    pbkdf2_hmac(pw, salt, 1000, MessageDigest::sha256(), &mut key).unwrap(); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2_hmac(b"hunter2", salt, 200_000, MessageDigest::sha512(), &mut key).unwrap(); // finds: use:PBKDF2 hardcoded-key
    scrypt(pw, salt, 1024, 8, 1, 1 << 25, &mut key).unwrap(); // finds: use:scrypt low-kdf-iterations
    bytes_to_key(openssl::symm::Cipher::aes_256_cbc(), MessageDigest::md5(), pw, Some(salt), 1).unwrap(); // finds: use:EVP_BytesToKey weak-kdf
}
pub fn argon_params(pw: &[u8], salt: &[u8], memory: u32) {
    let mut out = [0u8; 32];
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1024, 1, 1, None).unwrap()); // finds: use:Argon2 low-kdf-iterations
    weak.hash_password_into(pw, salt, &mut out).unwrap(); // finds: use:Argon2
    let built = argon2::ParamsBuilder::new().m_cost(512).t_cost(2).build().unwrap();
    let small = Argon2::from(built); // finds: use:Argon2 low-kdf-iterations
    let good = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).unwrap()); // finds: use:Argon2
    let asked = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, 2, 1, None).unwrap()); // finds: use:Argon2
}
