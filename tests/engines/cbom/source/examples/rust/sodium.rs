use sodiumoxide::crypto::{aead, box_, pwhash, secretbox, sign};
pub fn sodium(d: &[u8]) {
    let key = secretbox::gen_key();
    let nonce = secretbox::gen_nonce();
    let c = secretbox::seal(d, &nonce, &key); // finds: use:XSalsa20-Poly1305
    let c2 = secretbox::seal(d, &nonce, &key); // finds: use:XSalsa20-Poly1305 nonce-reuse
    let k2 = secretbox::Key::from_slice(b"01234567890123456789012345678901").unwrap();
    let n2 = secretbox::Nonce([0u8; 24]);
    let c3 = secretbox::seal(d, &n2, &k2); // finds: use:XSalsa20-Poly1305 hardcoded-key static-iv
    let o = secretbox::open(d, &n2, &key); // finds: use:XSalsa20-Poly1305
    let (pk, sk) = box_::gen_keypair(); // finds: use:X25519
    let (spk, ssk) = sign::gen_keypair(); // finds: use:Ed25519
    let sig = sign::sign_detached(d, &ssk); // finds: use:Ed25519
    let h = sodiumoxide::crypto::hash::sha256::hash(d); // finds: use:SHA-256
    let p = pwhash::pwhash(d, pwhash::OPSLIMIT_INTERACTIVE, pwhash::MEMLIMIT_INTERACTIVE); // finds: use:scrypt
}

pub fn dryoc_classes(password: &[u8]) -> Result<(), dryoc::Error> {
    dryoc::dryocbox::KeyPair::gen(); // finds: use:X25519
    dryoc::pwhash::PwHash::hash_with_defaults(password)?; // finds: use:Argon2id
    Ok(())
}
