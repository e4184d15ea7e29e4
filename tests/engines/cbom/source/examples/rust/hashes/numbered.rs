use ed25519_dalek::{Signature as Ed25519Signature, SigningKey, VerifyingKey};
use k256::ecdsa::{Signature as K256Signature, VerifyingKey as K256Key};
use ring::rand::SystemRandom;
use ring::signature::{RsaKeyPair, RSA_PKCS1_SHA256};
use std::sync::Arc;

#[derive(Clone)]
pub struct Keypair(SigningKey);
pub struct RsaKeys(pub(crate) Arc<RsaKeyPair>, Vec<u8>);
pub struct Notary(Stamps, u32);

impl Keypair {
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        self.0.sign(data).to_bytes().to_vec() // finds: use:Ed25519
    }
}

impl RsaKeys {
    pub fn sign(&self, data: &[u8], signature: &mut [u8]) {
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, signature).unwrap(); // finds: use:RSA use:CSPRNG
        self.1.sign(data);
    }
}

impl Notary {
    pub fn sign(&self, data: &[u8]) -> Stamp {
        self.0.sign(data)
    }
}

pub enum Signature {
    Ed25519(Ed25519Signature),
    Secp256k1(K256Signature),
    Stamp(Stamp),
}

pub enum PublicKey {
    Ed25519(VerifyingKey),
    Secp256k1(K256Key),
    Stamp(StampKey),
}

pub fn verify(data: &[u8], signature: &Signature, key: &PublicKey) -> bool {
    match (signature, key) {
        (Signature::Ed25519(signature), PublicKey::Ed25519(key)) => key.verify_strict(data, signature).is_ok(), // finds: use:Ed25519
        (Signature::Secp256k1(signature), PublicKey::Secp256k1(key)) => key.verify(data, signature).is_ok(), // finds: use:ECDSA
        (Signature::Stamp(signature), PublicKey::Stamp(key)) => key.verify(data, signature).is_ok(),
        _ => false,
    }
}

pub fn checked(data: &[u8], signature: &Ed25519Signature, found: Option<PublicKey>) {
    if let Some(PublicKey::Ed25519(key)) = found {
        key.verify(data, signature).unwrap(); // finds: use:Ed25519
    }
}

enum Unlocked {
    Rsa(Vec<u8>, Box<rsa::RsaPrivateKey>),
    Plain(Vec<u8>, Box<Stamps>),
}

impl Unlocked {
    fn open(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Unlocked::Rsa(tag, key) => key.decrypt(rsa::Oaep::<sha2::Sha256>::new(), data).unwrap(), // finds: use:RSA
            Unlocked::Plain(tag, key) => key.decrypt(Oaep::new(), data).unwrap(),
        }
    }
}
