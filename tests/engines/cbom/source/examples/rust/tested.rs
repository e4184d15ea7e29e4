use hmac::Hmac;
use pbkdf2::pbkdf2;
use sha2::Sha512;

#[cfg(not(test))]
const ROUNDS: u32 = 500_000;
#[cfg(test)]
const ROUNDS: u32 = 10;

pub fn derive(passphrase: &str, rounds: u32, salt: &[u8]) -> [u8; 32] {
    let mut key = [0u8; 32];
    pbkdf2::<Hmac<Sha512>>(passphrase.as_bytes(), salt, rounds, &mut key).unwrap(); // finds: use:PBKDF2
    key
}

pub fn stored(passphrase: &str, salt: &[u8]) -> [u8; 32] {
    derive(passphrase, ROUNDS, salt)
}

pub fn stored_fast_for_testing(passphrase: &str, salt: &[u8]) -> [u8; 32] {
    derive(passphrase, 10, salt)
}

pub fn derive_fast(passphrase: &str, rounds: u32, salt: &[u8]) -> [u8; 32] {
    let mut key = [0u8; 32];
    pbkdf2::<Hmac<Sha512>>(passphrase.as_bytes(), salt, rounds, &mut key).unwrap(); // finds: use:PBKDF2 low-kdf-iterations
    key
}

pub fn stored_fast(passphrase: &str, salt: &[u8]) -> [u8; 32] {
    derive_fast(passphrase, 10, salt)
}

#[cfg(all(test, not(target_family = "wasm")))]
mod properties {
    use super::derive;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(salt in any::<u8>()) {
            let made = derive("test", 10, &[1, salt]);
            prop_assert!(made.len() == 32);
        }
    }
}
