use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

fn sums(data: &[u8]) {
    digest::digest(&digest::SHA256, data); // finds: use:SHA-256
    let old = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, data); // finds: use:SHA-1 weak-hash
}

fn tag(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret) // finds: use:HMAC-SHA-256
}

fn seal(bytes: &[u8], data: &mut Vec<u8>) -> Result<(), ring::error::Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&aead::AES_256_GCM, bytes)?); // finds: use:AES
    let mut fresh = [0u8; 12];
    SystemRandom::new().fill(&mut fresh)?; // finds: use:CSPRNG
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(fresh), Aad::empty(), data)?; // finds: use:AES
    let zero = [0u8; 12];
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(zero), Aad::empty(), data) // finds: static-iv
}

fn stretch(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut out = [0u8; 32];
    let few = NonZeroU32::new(1_000).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, few, salt, password, &mut out); // finds: use:PBKDF2 low-kdf-iterations
    let enough = NonZeroU32::new(600_000).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, enough, salt, password, &mut out); // finds: use:PBKDF2
    out
}

fn nonces(key: &LessSafeKey, bytes: [u8; 12], data: &mut Vec<u8>) -> Nonce {
    let opened = Nonce::assume_unique_for_key([0u8; 12]);
    key.open_in_place(opened, Aad::empty(), data).unwrap();
    let given = Nonce::assume_unique_for_key(bytes);
    Nonce::assume_unique_for_key([0u8; 12]) // finds: static-iv
}
