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

static TEXT: once_cell::sync::Lazy<String> = once_cell::sync::Lazy::new(|| "0123456789abcdef".to_string());

lazy_static::lazy_static! {
    static ref BYTES: Vec<u8> = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
}

struct Settings {
    key: String,
    rounds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { key: String::from("0123456789abcdef"), rounds: 1000 }
    }
}

fn chains(given: Option<String>, name: &str, settings: &Settings) {
    Hmac::<Sha256>::new_from_slice(TEXT.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    Hmac::<Sha256>::new_from_slice(&BYTES).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let or_else = given.unwrap_or_else(|| "0123456789abcdef".into());
    Hmac::<Sha256>::new_from_slice(or_else.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let mapped = Some("0123456789abcdef").map(|text| text.as_bytes()).ok_or(0)?;
    Hmac::<Sha256>::new_from_slice(mapped).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let formatted = format!("{}{name}", "0123456789abcdef");
    Hmac::<Sha256>::new_from_slice(formatted.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256
    let fixed = concat!("0123456789", "abcdef");
    Hmac::<Sha256>::new_from_slice(fixed.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    let Settings { key, .. } = Settings::default();
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256 hardcoded-key
    Hmac::<Sha256>::new_from_slice(settings.key.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256
    let mut copy = [0u8; 16];
    copy.copy_from_slice(&name.as_bytes()[..16]);
    Hmac::<Sha256>::new_from_slice(&copy).unwrap(); // finds: use:HMAC-SHA-256
    if let Some(key) = option_env!("KEY") {
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap(); // finds: use:HMAC-SHA-256
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap() // finds: use:HMAC-SHA-256 hardcoded-key
}

fn only_tested(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap() // finds: use:HMAC-SHA-256
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef";

    #[test]
    fn keys_are_taken() {
        only_tested(KEY);
        only_tested(b"0123456789abcdef");
        Hmac::<Sha256>::new_from_slice(KEY).unwrap(); // finds: use:HMAC-SHA-256
    }
}

#[cfg(not(test))]
mod production {
    pub fn keys() {
        super::keyed(b"0123456789abcdef");
    }
}
