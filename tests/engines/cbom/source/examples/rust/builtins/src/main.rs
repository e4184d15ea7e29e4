mod config;
mod crypto;
mod values;

use crate::crypto::keys::KEY;
use crypto::*;
use shared_keys::ROUNDS;
use std::num::NonZeroU32;

fn main() {
    hmac::Hmac::<sha2::Sha256>::new_from_slice(KEY).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    hmac::Hmac::<Sum>::new_from_slice(crate::crypto::keys::other()).unwrap(); // finds: use:HMAC-SHA-1 hardcoded-key
    Sum::digest(b"x"); // finds: use:SHA-1 weak-hash
    crypto::sum(b"x");
    self::crypto::keys::sum(b"x");
    let mut out = [0u8; 32];
    let salt = config::salt();
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::new(ROUNDS).unwrap(), &salt, b"", &mut out); // finds: use:PBKDF2 low-kdf-iterations
    let crate_aes = local::Aes256::new(KEY);
    let inner = local::inner::key();
    hmac::Hmac::<sha2::Sha512>::new_from_slice(inner).unwrap(); // finds: use:HMAC-SHA-512 hardcoded-key
}

mod local {
    pub struct Aes256;

    impl Aes256 {
        pub fn new(_key: &[u8]) -> Self {
            Aes256
        }
    }

    pub mod inner {
        use super::super::KEY;

        pub fn key() -> &'static [u8] {
            super::first(KEY)
        }
    }

    fn first(key: &[u8]) -> &[u8] {
        &key[..16]
    }
}
