// Associated types and constants of traits, types given to a generic type of another file, and values of attributes.
mod checksum;
mod suite;

use checksum::Checksum;
use clap::Parser;
use rand::{rngs::StdRng, SeedableRng};
use suite::Suite;

struct Old;
struct New;

impl Suite for Old {
    type Hash = sha1::Sha1;
    const ROUNDS: u32 = 1000;
}

impl Suite for New {
    type Hash = sha2::Sha256;
}

pub fn finished(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Old::transcript(parts); // finds: use:SHA-1 weak-hash
    all.extend(New::transcript(parts)); // finds: use:SHA-256
    all.extend(Checksum::<md5::Md5>::of(b"text").bytes); // finds: use:MD5 weak-hash
    all.extend(Checksum::<sha2::Sha512>::of(b"text").bytes); // finds: use:SHA-512
    all
}

pub fn stretched(password: &[u8], salt: &[u8], key: &mut [u8; 32]) {
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, Old::ROUNDS, key); // finds: use:PBKDF2 low-kdf-iterations
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, New::ROUNDS, key); // finds: use:PBKDF2
}

const LENGTH: u32 = 4096;

#[derive(Parser)]
struct Options {
    /// The length of keys.
    #[arg(long, default_value_t = 1024)]
    bits: u32,
    #[arg(long, default_value_t = LENGTH)]
    more_bits: u32,
    #[serde(default = "Options::default_cost")]
    cost: u32,
    #[arg(long, env = "BITS")]
    given: u32,
}

impl Options {
    fn default_cost() -> u32 {
        6
    }
}

pub fn keys(options: &Options, password: &str) -> Result<String, Box<dyn std::error::Error>> {
    openssl::rsa::Rsa::generate(options.bits)?; // finds: use:RSA weak-key-size
    openssl::rsa::Rsa::generate(options.more_bits)?; // finds: use:RSA
    openssl::rsa::Rsa::generate(options.given)?; // finds: use:RSA
    Ok(bcrypt::hash(password, options.cost)?) // finds: use:bcrypt low-kdf-iterations
}

pub fn boxed(name: &str) -> Box<dyn digest::DynDigest> {
    match name {
        "wide" => Box::<sha2::Sha384>::default(), // finds: use:SHA-384
        _ => Box::new(sha2::Sha224::default()), // finds: use:SHA-224
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats() {
        let generator = StdRng::seed_from_u64(7);
        assert_eq!(numbers(generator).len(), 4);
        let _ = aes_gcm::Aes256Gcm::new(&[7; 32].into()); // finds: use:AES
        assert_ne!(md5::compute(b"a"), md5::compute(b"b")); // finds: use:MD5 weak-hash
    }
}

fn main() {}

// What fields are declared to be, and what constructors give to them.
pub struct Signer {
    key: k256::ecdsa::SigningKey,
    rounds: std::num::NonZeroU32,
}

impl Signer {
    const ROUNDS: u32 = 4096;

    pub fn new(key: k256::ecdsa::SigningKey) -> Self {
        Self { key, rounds: std::num::NonZeroU32::new(Self::ROUNDS).unwrap() }
    }

    pub fn sign(&self, data: &[u8], signature: &k256::ecdsa::Signature) -> k256::ecdsa::Signature {
        self.key.verifying_key().verify(data, signature).unwrap(); // finds: use:ECDSA
        self.key.sign(data) // finds: use:ECDSA
    }

    pub fn derive(&self, password: &[u8], salt: &[u8], key: &mut [u8]) {
        ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, self.rounds, salt, password, key); // finds: use:PBKDF2 low-kdf-iterations
    }
}

macro_rules! tags {
    ($($name:ident => $hash:expr),* $(,)?) => {
        $(pub fn $name(key: &[u8], data: &[u8]) -> ring::hmac::Tag {
            ring::hmac::sign(&ring::hmac::Key::new($hash, key), data)
        })*
    };
}

tags! {
    short => ring::hmac::HMAC_SHA256, // finds: use:HMAC-SHA-256
    long => ring::hmac::HMAC_SHA512, // finds: use:HMAC-SHA-512
}

pub fn declared(key: &[u8], password: &[u8], salt: &str) -> Result<(), Box<dyn std::error::Error>> {
    let _: hmac::SimpleHmac<sha2::Sha256> = Mac::new_from_slice(key)?; // finds: use:HMAC-SHA-256
    let argon: argon2::Argon2 = argon2::Params::new(65536, 3, 1, None)?.into();
    argon.hash_password(password, salt)?; // finds: use:Argon2
    let _ = openssl::pkcs12::Pkcs12::builder().name("own").build2("changeit")?; // finds: use:X.509 hardcoded-key
    Ok(())
}
