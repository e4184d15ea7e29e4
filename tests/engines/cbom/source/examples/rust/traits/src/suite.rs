use digest::Digest;

pub trait Suite {
    type Hash: Digest;
    const ROUNDS: u32 = 600_000;

    fn transcript(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = Self::Hash::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
}

pub enum Key {
    Rsa(Box<rsa::RsaPrivateKey>),
    Edwards(ed25519_dalek::SigningKey),
    Text(String),
}

pub enum Choice {
    Old,
    New,
}

impl Choice {
    fn hash(&self) -> openssl::hash::MessageDigest {
        match self {
            Choice::Old => openssl::hash::MessageDigest::sha384(), // finds: use:SHA-384
            Choice::New => openssl::hash::MessageDigest::sha512(), // finds: use:SHA-512
        }
    }
}

pub fn signed(key: &Key, data: &[u8], choice: Choice) -> Vec<u8> {
    let hash = openssl::hash::hash(choice.hash(), data).unwrap(); // finds: use:SHA-384 use:SHA-512
    match key {
        Key::Rsa(key) => key.sign(rsa::Pkcs1v15Sign::new::<sha2::Sha512>(), &hash).unwrap(), // finds: use:RSA
        Key::Edwards(key) => key.sign(&hash).to_vec(), // finds: use:Ed25519
        Key::Text(key) => key.sign(&hash),
    }
}

pub fn scheme(data: &[u8]) -> Vec<u8> {
    key_of_somewhere().sign(rsa::Pkcs1v15Sign::new::<sha2::Sha256>(), data) // finds: use:RSA
}
