use hmac::{Hmac, Mac};
use md5::Md5 as Old;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

type HmacSha256 = Hmac<Sha256>;
type HmacMd5 = Hmac<md5::Md5>;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

struct Sha512;

impl Sha512 {
    fn new() -> Self {
        Self
    }
}

struct Sums {
    seen: HashMap<String, Vec<u8>>,
}

impl Sums {
    fn of(&self, data: &[u8]) -> Vec<u8> {
        let mut hasher = Sha256::new(); // finds: use:SHA-256
        hasher.update(data);
        hasher.finalize().to_vec()
    }

    fn old(&mut self, data: &[u8]) -> Vec<u8> {
        if data.is_empty() {
            Sha1::digest(data).to_vec() // finds: use:SHA-1 weak-hash
        } else {
            match data.len() {
                1 => Old::new().finalize().to_vec(), // finds: use:MD5 weak-hash
                _ => md5::compute(data).to_vec(), // finds: use:MD5 weak-hash
            }
        }
    }

    fn own() -> Sha512 {
        let message = "md5::compute(data)";
        println!("{}", message);
        Sha512::new()
    }
}

fn tags(key: &[u8], data: &[u8]) {
    let mut mac = HmacSha256::new_from_slice(key).expect("any length"); // finds: use:HMAC-SHA-256
    mac.update(data);
    let old = HmacMd5::new_from_slice(key).unwrap(); // finds: use:HMAC-MD5 weak-hash
    let fixed = <Hmac<Sha256> as Mac>::new_from_slice(KEY).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let direct = Hmac::<sha2::Sha512>::new_from_slice(key)?; // finds: use:HMAC-SHA-512
    assert_eq!(Sha256::digest(data), Sha1::digest(data)); // finds: use:SHA-256 use:SHA-1 weak-hash
}

fn codes(key: &[u8]) {
    let cm = cmac::Cmac::<aes::Aes128>::new_from_slice(b"0123456789abcdef").unwrap(); // finds: use:CMAC hardcoded-key
    let po = poly1305::Poly1305::new(key.into()); // finds: use:Poly1305
}
pub fn crypto_hash_crate(data: &[u8]) -> (String, Vec<u8>) {
    let weak = crypto_hash::hex_digest(crypto_hash::Algorithm::MD5, data); // finds: use:MD5 weak-hash
    (weak, crypto_hash::digest(crypto_hash::Algorithm::SHA256, data)) // finds: use:SHA-256
}
