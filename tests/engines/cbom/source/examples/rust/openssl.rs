use openssl::hash::{self, hash, Hasher, MessageDigest};
use openssl::md::Md;
use openssl::md_ctx::MdCtx;
use openssl::sha;

fn a(d: &[u8]) -> Result<(), openssl::error::ErrorStack> {
    let x = hash(MessageDigest::md5(), d)?; // finds: use:MD5 weak-hash
    let mut h = Hasher::new(MessageDigest::sha1())?; // finds: use:SHA-1 weak-hash
    h.update(d)?;
    let y = hash::hash(MessageDigest::sha256(), d)?; // finds: use:SHA-256
    let z = sha::sha1(d); // finds: use:SHA-1 weak-hash
    let w = openssl::sha::sha256(d); // finds: use:SHA-256
    let mut s = sha::Sha1::new(); // finds: use:SHA-1 weak-hash
    s.update(d);
    let kind = MessageDigest::from_name("md5").unwrap(); // finds: use:MD5
    let v = openssl::hash::hash2(kind, d)?; // finds: use:MD5 weak-hash
    let mut ctx = MdCtx::new()?;
    ctx.digest_init(Md::sha1())?; // finds: use:SHA-1 weak-hash
    Ok(())
}

mod rest {
use openssl::bn::BigNum;
use openssl::dsa::Dsa;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{Signer, Verifier};
use openssl::ssl::{SslAcceptor, SslConnector, SslContext, SslMethod, SslOptions, SslVerifyMode, SslVersion};
use openssl::symm::{decrypt, encrypt, encrypt_aead, Cipher, Crypter, Mode};

pub fn keys() -> Result<(), openssl::error::ErrorStack> {
    let rsa = Rsa::generate(1024)?; // finds: use:RSA weak-key-size
    let good = Rsa::generate(3072)?; // finds: use:RSA
    let e = BigNum::from_u32(3)?;
    let r3 = Rsa::generate_with_e(512, &e)?; // finds: use:RSA weak-key-size
    let dsa = Dsa::generate(1024)?; // finds: use:DSA weak-key-size
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME192V1)?;
    let ec = EcKey::generate(&group)?; // finds: use:EC weak-key-size
    let p256 = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let ec2 = EcKey::generate(&p256)?; // finds: use:EC
    let ed = PKey::generate_ed25519()?; // finds: use:Ed25519
    let x = PKey::generate_x25519()?; // finds: use:X25519
    let pkey = PKey::from_rsa(good)?;
    let mut signer = Signer::new(MessageDigest::sha1(), &pkey)?; // finds: use:RSA weak-hash
    signer.update(b"x")?;
    let mut v = Verifier::new(MessageDigest::sha256(), &pkey)?; // finds: use:RSA
    let hm = PKey::hmac(b"secret key 123456")?; // finds: use:HMAC hardcoded-key
    let mut buf = vec![0; 128];
    rsa.public_encrypt(b"x", &mut buf, Padding::PKCS1)?; // finds: use:RSA weak-padding
    rsa.public_encrypt(b"x", &mut buf, Padding::NONE)?; // finds: use:RSA weak-padding
    rsa.public_encrypt(b"x", &mut buf, Padding::PKCS1_OAEP)?; // finds: use:RSA
    Ok(())
}
pub fn symmetric(key: &[u8], iv: &[u8], d: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    let a = encrypt(Cipher::aes_128_cbc(), key, Some(iv), d)?; // finds: use:AES unauthenticated-mode
    let b = encrypt(Cipher::aes_256_ecb(), key, None, d)?; // finds: use:AES ecb-mode
    let c = encrypt(Cipher::des_cbc(), key, Some(iv), d)?; // finds: use:DES weak-cipher unauthenticated-mode
    let cipher = Cipher::des_ede3_cbc(); // finds: use:3DES
    let e = decrypt(cipher, key, Some(iv), d)?; // finds: use:3DES weak-cipher unauthenticated-mode
    let f = openssl::symm::encrypt(openssl::symm::Cipher::rc4(), key, None, d)?; // finds: use:RC4 weak-cipher
    let g = encrypt(Cipher::aes_256_cbc(), b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F", Some(&[0u8; 16]), d)?; // finds: use:AES hardcoded-key static-iv unauthenticated-mode
    let mut tag = [0; 16];
    let h = encrypt_aead(Cipher::aes_256_gcm(), key, Some(b"constant12by"), b"", d, &mut tag)?; // finds: use:AES static-iv
    let mut cr = Crypter::new(Cipher::bf_cbc(), Mode::Encrypt, key, Some(iv))?; // finds: use:Blowfish weak-cipher unauthenticated-mode
    let t = match d.len() { 0 => Cipher::aes_128_ecb(), _ => Cipher::aes_128_gcm() }; // finds: use:AES
    let i = Crypter::new(t, Mode::Encrypt, key, Some(iv))?; // finds: use:AES ecb-mode
    Ok(a)
}
pub fn tls() {
    let mut b = SslConnector::builder(SslMethod::tls()).unwrap(); // finds: use:TLS
    b.set_verify(SslVerifyMode::NONE); // finds: disabled-certificate-check
    b.set_min_proto_version(Some(SslVersion::TLS1)).unwrap(); // finds: use:TLSv1.0 weak-protocol
    b.set_verify_callback(SslVerifyMode::PEER, |_, _| true); // finds: disabled-certificate-check
    let mut acc = SslAcceptor::mozilla_intermediate(SslMethod::tls()).unwrap(); // finds: use:TLS
    acc.set_max_proto_version(Some(SslVersion::SSL3)).unwrap(); // finds: use:SSLv3 weak-protocol
    let mut ctx = SslContext::builder(SslMethod::tls_client()).unwrap(); // finds: use:TLS
    ctx.set_verify(SslVerifyMode::PEER);
    let c = b.build();
    let mut conf = c.configure().unwrap();
    conf.set_verify_hostname(false); // finds: disabled-certificate-check
    let s = c.configure().unwrap().verify_hostname(false).connect("x", 1); // finds: disabled-certificate-check
}
}
pub fn of_callers_key(key: &PKeyRef<Private>, other: Settings, message: &[u8]) -> Result<(), ErrorStack> {
    let weak = Signer::new(MessageDigest::sha1(), key)?; // finds: use:SHA-1 weak-hash
    let good = Signer::new(MessageDigest::sha256(), &other.key)?; // finds: use:SHA-256
    let mut builder = openssl::x509::X509Builder::new()?; // finds: use:X.509
    builder.sign(key, MessageDigest::sha1())?; // finds: use:SHA-1 weak-hash
    Ok(())
}

// A cipher that is chosen, looked at, and used: it is weak where it is used.
fn chosen(name: &str) -> Option<openssl::symm::Cipher> {
    match name {
        "plain" => Some(openssl::symm::Cipher::aes_128_ecb()), // finds: use:AES
        _ => None,
    }
}

pub fn looked_at(name: &str, key: &[u8], data: &[u8]) -> Vec<u8> {
    let _ = chosen(name).is_some();
    openssl::symm::encrypt(chosen(name).unwrap(), key, None, data).unwrap() // finds: use:AES ecb-mode
}
