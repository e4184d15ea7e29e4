// Macros by example, items under conditions, modules within a file by another name, and traits for a library's types.
use imp::Sha1 as Checksum;
use legacy_impl as legacy;
use own::Des;
use passing_crate::s256::Sha256;
use sha2::{Digest, Sha512};

trait Sink {
    fn put(&mut self, data: &[u8]);
}

impl Sink for Sha512 {
    fn put(&mut self, data: &[u8]) {
        self.update(data);
    }
}

fn sunk(data: &[u8]) -> Vec<u8> {
    let mut sink = Sha512::new(); // finds: use:SHA-512
    sink.put(data);
    sink.finalize().to_vec()
}

pub(crate) mod legacy_impl {
    pub(crate) use ring::digest;
}

mod imp {
    pub use sha1::Sha1;
}

mod own {
    pub struct Des(pub u8);
    impl Des {
        pub fn new(key: u8) -> Self {
            Des(key)
        }
    }
}

pub fn renamed(data: &[u8]) -> Vec<u8> {
    let _ = Des::new(3);
    let mut all = Checksum::digest(data).to_vec(); // finds: use:SHA-1 weak-hash
    all.extend(legacy::digest::digest(&legacy::digest::SHA384, data).as_ref()); // finds: use:SHA-384
    all.extend(Sha256::digest(data)); // finds: use:SHA-256
    all
}

macro_rules! digests {
    ($( $(#[$meta:meta])* $vis:vis fn $name:ident = $hash:ty; )+) => {
        $(
            $(#[$meta])* $vis fn $name(data: &[u8]) -> Vec<u8> {
                <$hash>::digest(data).to_vec()
            }
        )+
    };
}

digests! {
    /// Only for old files.
    pub fn first = sha1::Sha1; // finds: use:SHA-1 weak-hash
    fn second = sha2::Sha384; // finds: use:SHA-384
}

macro_rules! sealed {
    () => { None };
    ($key:expr, $nonce:expr) => {
        aes_gcm::Aes256Gcm::new_from_slice($key) // finds: use:AES
            .and_then(|cipher| cipher.encrypt($nonce.into(), b"text".as_ref())) // finds: use:AES
    };
}

pub fn seal(key: &[u8], nonce: &[u8]) -> Option<Vec<u8>> {
    sealed!(key, nonce).or(sealed!()).ok()
}

#[macro_export]
macro_rules! unused {
    ($data:expr) => {
        md5::compute($data) // finds: use:MD5 weak-hash
    };
}

cfg_if::cfg_if! {
    if #[cfg(feature = "wide")] {
        pub fn chosen(data: &[u8]) -> Vec<u8> {
            sha2::Sha512::digest(data).to_vec() // finds: use:SHA-512
        }
    } else {
        pub fn chosen(data: &[u8]) -> Vec<u8> {
            sha2::Sha224::digest(data).to_vec() // finds: use:SHA-224
        }
    }
}

const ROUNDS: u32 = if cfg!(test) { 1 } else { 600_000 };

pub fn stretched(password: &[u8], salt: &[u8], key: &mut [u8; 32]) {
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, ROUNDS, key); // finds: use:PBKDF2
}

fn main() {}

// Variables don't hide modules.
pub fn hidden(hmac: &[u8], digest: &[u8], key: &[u8]) -> Vec<u8> {
    use ring::{digest, hmac};
    let all = digest::digest(&digest::SHA512, digest).as_ref().to_vec(); // finds: use:SHA-512
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &all, hmac).unwrap(); // finds: use:HMAC-SHA-256
    all
}

pub fn outside(sha2: &[u8], text: &str) -> Vec<u8> {
    let md5 = sha2::Sha384::digest(sha2); // finds: use:SHA-384
    md5::compute(text).to_vec() // finds: use:MD5 weak-hash
}

// Closures with patterns.
pub fn closures(named: &[(String, Vec<u8>)], data: &[u8]) -> Option<usize> {
    named.iter().map(|(_, data)| md5::compute(data)).count(); // finds: use:MD5 weak-hash
    let hash = openssl::hash::hash(openssl::hash::MessageDigest::sha512(), data); // finds: use:SHA-512
    openssl::hash::Hasher::new(openssl::hash::MessageDigest::sha384()) // finds: use:SHA-384
        .and_then(|mut hasher| hasher.finish())
        .map(|_| hash)
        .ok()
        .map(|_| 1)
}
