use digest::DynDigest;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::io::Write;

pub fn one(data: &[u8]) -> Vec<u8> {
    let mut h = Md5::default(); // finds: use:MD5 weak-hash
    Digest::update(&mut h, data);
    h.finalize().to_vec()
}
pub fn two(data: &[u8]) -> String {
    hex::encode(Sha1::new().chain_update(data).finalize()) // finds: use:SHA-1 weak-hash
}
pub fn three(data: &[u8]) -> String {
    format!("{:x}", Md5::digest(data)) // finds: use:MD5 weak-hash
}
pub fn four(data: &[u8]) -> String {
    format!("{:x}", md5::Md5::digest(data)) // finds: use:MD5 weak-hash
}
pub fn five(data: &[u8]) -> Vec<u8> {
    <Sha1 as Digest>::digest(data).to_vec() // finds: use:SHA-1 weak-hash
}
pub fn six(data: &[u8]) -> Vec<u8> {
    let mut hasher: Md5 = Digest::new(); // finds: use:MD5 weak-hash
    hasher.update(data);
    hasher.finalize()[..].to_vec()
}
fn generic<D: Digest>(data: &[u8]) -> Vec<u8> {
    let mut h = D::new();
    h.update(data);
    h.finalize().to_vec()
}
pub fn seven(data: &[u8]) -> Vec<u8> {
    generic::<Md5>(data) // finds: use:MD5 weak-hash
}
pub fn eight(data: &[u8]) -> Vec<u8> {
    generic::<sha2::Sha256>(data) // finds: use:SHA-256
}
pub fn nine(name: &str) -> Box<dyn DynDigest> {
    match name {
        "md5" => Box::new(Md5::default()), // finds: use:MD5 weak-hash
        "sha512" => Box::new(Sha512::default()), // finds: use:SHA-512
        _ => Box::new(Sha256::new()), // finds: use:SHA-256
    }
}
struct Hasher {
    inner: Sha1,
}
impl Hasher {
    fn new() -> Self {
        Hasher { inner: Sha1::new() } // finds: use:SHA-1 weak-hash
    }
    fn add(&mut self, d: &[u8]) {
        self.inner.update(d);
    }
}
impl Default for Hasher {
    fn default() -> Self {
    }
}
pub fn ten(mut r: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut h = Sha1::new_with_prefix(b"salt"); // finds: use:SHA-1 weak-hash
    std::io::copy(&mut r, &mut h)?;
    h.write_all(b"x")?;
    Ok(h.finalize().to_vec())
}
pub fn eleven(d: &[u8]) -> md5::Digest {
    let mut c = md5::Context::new(); // finds: use:MD5 weak-hash
    c.consume(d);
    c.compute()
}
pub fn twelve(d: &[u8]) -> String {
    use ripemd::Ripemd160;
    let r = Ripemd160::digest(d); // finds: use:RIPEMD-160 weak-hash
    let r = ripemd::Ripemd256::digest(d); // finds: use:RIPEMD-256 weak-hash
    let r = ripemd::Ripemd320::new(); // finds: use:RIPEMD-320 weak-hash
    let k = sha3::Keccak256::digest(r); // finds: use:Keccak
    let b = blake2::Blake2b512::new(); // finds: use:BLAKE2b
    let c = blake3::hash(d); // finds: use:BLAKE3
    let e = md4::Md4::digest(d); // finds: use:MD4 weak-hash
    let mut old = sha1_smol::Sha1::new(); // finds: use:SHA-1 weak-hash
    let s = sha1_smol::Sha1::from(d).hexdigest(); // finds: use:SHA-1 weak-hash
    hex::encode(k)
}
macro_rules! sum { ($t:ty, $d:expr) => { <$t>::digest($d) }; }
pub fn thirteen(d: &[u8]) {
    let f = Sha1::digest; // a function value
    let x = f(d); // finds: use:SHA-1 weak-hash
    let all: Vec<_> = [d].iter().map(|x| Md5::digest(x)).collect(); // finds: use:MD5 weak-hash
    if let Some(v) = Some(Md5::digest(d)) {} // finds: use:MD5 weak-hash
    let h = { let mut h = Sha1::new(); h.update(d); h.finalize() }; // finds: use:SHA-1 weak-hash
    println!("{:x}", Sha1::digest(d)); // finds: use:SHA-1 weak-hash
    let v = async move { Sha1::digest(b"x") }; // finds: use:SHA-1 weak-hash
    loop { let _ = unsafe { Md5::digest(d) }; break; } // finds: use:MD5 weak-hash
}
struct Sealed<D: Digest> {
    inner: D,
}
impl<D: Digest> Sealed<D> {
    fn new() -> Self {
        Sealed { inner: D::new() }
    }
}
pub fn of_a_type(data: &[u8]) -> Vec<u8> {
    let good = Sealed::<sha2::Sha256>::new(); // finds: use:SHA-256
    let weak = Sealed::<Md5>::new(); // finds: use:MD5 weak-hash
    weak.inner.chain_update(data).finalize().to_vec()
}

pub fn keyed_blake3(key: &[u8; 32], data: &[u8]) {
    blake3::keyed_hash(key, data); // finds: use:BLAKE3
    blake3::keyed_hash(b"0123456789abcdef0123456789abcdef", data); // finds: use:BLAKE3 hardcoded-key
    blake3::derive_key("a context of ours", data); // finds: use:BLAKE3
}
