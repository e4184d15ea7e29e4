// A library by another name in the manifest, one that another crate passes on, and names that only look alike.
use common::sha1::{Digest, Sha1};
use common::shapes::md5::Circle;
use tls_fork::hash::MessageDigest;

pub fn fork(data: &[u8]) -> Vec<u8> {
    tls_fork::hash::hash(MessageDigest::md5(), data).unwrap().to_vec() // finds: use:MD5 weak-hash
}

pub fn passed_on(data: &[u8]) -> Vec<u8> {
    Sha1::digest(data).to_vec() // finds: use:SHA-1 weak-hash
}

pub fn other(radius: u32) -> Circle {
    Circle::new(radius)
}

// A test that runs a method says nothing of it, and doesn't hide what the method does by itself.
pub struct Store;

impl Store {
    pub fn name(&self, data: &[u8]) -> String {
        format!("{:x}", Sha1::digest(data)) // finds: use:SHA-1 weak-hash
    }
}

#[test]
fn names() {
    assert_eq!(Store.name(b"a").len(), 40);
}

pub fn seeded(seed: u64) {
    critical_section::with(|cs| cs.set(rand::rngs::StdRng::seed_from_u64(seed)));
}

#[test]
fn seeds() {
    seeded(0x1337);
}

pub fn salted(data: &[u8]) -> Vec<u8> {
    crate::salt::Salt::new().get(data)
}

#[test]
fn salts() {
    salted(b"text");
}

// A renamed crate by a path without an import.
pub fn signed(claims: &Claims, key: &[u8]) -> String {
    let key = jwt::EncodingKey::from_secret(key); // finds: use:HMAC
    jwt::encode(&jwt::Header::default(), claims, &key).unwrap() // finds: use:HMAC-SHA-256
}

pub mod users;
use users::UserEvent;
