use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::sync::Arc;

fn passed(given: String) {
    let boxed = Box::new(String::from("0123456789abcdef"));
    Hmac::<Sha256>::new_from_slice(boxed.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let decoded = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
    Hmac::<Sha256>::new_from_slice(&decoded).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let shared = Arc::new(given);
    Hmac::<Sha256>::new_from_slice(shared.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256
}
