pub fn orion(d: &[u8]) {
    let key = orion::aead::SecretKey::default();
    let c = orion::aead::seal(&key, d).unwrap(); // finds: use:XChaCha20-Poly1305
    let k2 = orion::aead::SecretKey::from_slice(b"01234567890123456789012345678901").unwrap(); // finds: hardcoded-key
    let p = orion::pwhash::hash_password(&orion::pwhash::Password::from_slice(d).unwrap(), 3, 1 << 16); // finds: use:Argon2
    let h = orion::hash::digest(d).unwrap(); // finds: use:BLAKE2b
    let a = age::scrypt::Recipient::new("pass".to_string().into()); // finds: use:scrypt hardcoded-key
    let enc = age::Encryptor::with_user_passphrase(secrecy::Secret::new("hunter2".to_owned())); // finds: use:scrypt hardcoded-key
    let b = snow::Builder::new("Noise_XX_25519_ChaChaPoly_SHA256".parse().unwrap()); // finds: use:X25519
    let cm = cmac::Cmac::<aes::Aes128>::new_from_slice(b"0123456789abcdef").unwrap(); // finds: use:CMAC hardcoded-key
}

pub fn identities(text: &str) {
    let a: age::x25519::Identity = "AGE-SECRET-KEY-1".parse::<age::x25519::Identity>().unwrap(); // finds: use:X25519 hardcoded-key
    let b = text.parse::<age::x25519::Identity>().unwrap(); // finds: use:X25519
    let c = age::scrypt::Identity::new(age::secrecy::SecretString::from("pass".to_string())); // finds: use:scrypt hardcoded-key
}
