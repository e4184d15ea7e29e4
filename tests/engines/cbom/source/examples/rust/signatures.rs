use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use p256::ecdsa::{signature::Signer as _, SigningKey as P256Key};
use rand::rngs::OsRng;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey};
use ring::rand::SystemRandom;
use rsa::{Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::Sha256;
use x25519_dalek::{EphemeralSecret, PublicKey, StaticSecret};

pub fn rsa_all(d: &[u8]) {
    let mut rng = OsRng;
    let weak = RsaPrivateKey::new(&mut rng, 1024).unwrap(); // finds: use:RSA weak-key-size
    let bits = 2048;
    let key = RsaPrivateKey::new(&mut rng, bits).unwrap(); // finds: use:RSA
    let public = RsaPublicKey::from(&key);
    let a = public.encrypt(&mut rng, Pkcs1v15Encrypt, d).unwrap(); // finds: use:RSA weak-padding
    let b = public.encrypt(&mut rng, Oaep::new::<Sha256>(), d).unwrap(); // finds: use:RSA
    let c = key.sign(Pkcs1v15Sign::new::<Sha1>(), d).unwrap(); // finds: use:RSA weak-hash
    let e = key.decrypt(Pkcs1v15Encrypt, &a).unwrap(); // finds: use:RSA weak-padding
    let s = rsa::pkcs1v15::SigningKey::<Sha256>::new(key); // finds: use:RSA
    let old = public.encrypt(&mut rng, rsa::PaddingScheme::new_pkcs1v15_encrypt(), d); // finds: use:RSA weak-padding
}
pub fn curves(d: &[u8]) {
    let key = SigningKey::generate(&mut OsRng); // finds: use:Ed25519
    let sig: Signature = key.sign(d); // finds: use:Ed25519
    key.verifying_key().verify(d, &sig).unwrap(); // finds: use:Ed25519
    let fixed = SigningKey::from_bytes(&[1u8; 32]); // finds: use:Ed25519 hardcoded-key
    let p = P256Key::random(&mut OsRng); // finds: use:ECDSA
    let k = k256::ecdsa::SigningKey::random(&mut OsRng); // finds: use:ECDSA
    let e = EphemeralSecret::random_from_rng(OsRng); // finds: use:X25519
    let pk = PublicKey::from(&e);
    let st = StaticSecret::from([7u8; 32]); // finds: use:X25519 hardcoded-key
    let shared = e.diffie_hellman(&pk); // finds: use:X25519
    let ek = p256::ecdh::EphemeralSecret::random(&mut OsRng); // finds: use:ECDH
}
pub fn ring_all(d: &[u8], pkcs8: &[u8], public: &[u8]) {
    let rng = SystemRandom::new(); // finds: use:CSPRNG
    let doc = Ed25519KeyPair::generate_pkcs8(&rng).unwrap(); // finds: use:Ed25519
    let key = Ed25519KeyPair::from_pkcs8(doc.as_ref()).unwrap(); // finds: use:Ed25519
    key.sign(d); // finds: use:Ed25519
    let ec = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &rng).unwrap(); // finds: use:ECDSA
    let r = RsaKeyPair::from_pkcs8(pkcs8).unwrap(); // finds: use:RSA
    let mut out = vec![0; 256];
    r.sign(&signature::RSA_PKCS1_SHA256, &rng, d, &mut out).unwrap(); // finds: use:RSA
    let v = UnparsedPublicKey::new(&signature::ED25519, public); // finds: use:Ed25519
    v.verify(d, &out).unwrap();
    let mine = ring::agreement::EphemeralPrivateKey::generate(&ring::agreement::X25519, &rng).unwrap(); // finds: use:X25519
    let salt = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, b"salt"); // finds: use:HKDF
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"0123456789abcdef"); // finds: use:HMAC-SHA-1 hardcoded-key
    let tag = ring::hmac::sign(&key, d); // finds: use:HMAC-SHA-1
}
pub fn pq() {
    use ml_kem::{KemCore, MlKem768};
    let (dk, ek) = MlKem768::generate(&mut OsRng); // finds: use:ML-KEM-768
    let kp = ml_dsa::MlDsa65::key_gen(&mut OsRng); // finds: use:ML-DSA-65
    let sl = slh_dsa::SigningKey::<slh_dsa::Shake128s>::new(&mut OsRng); // finds: use:SLH-DSA
    let (pk, sk) = pqcrypto_mlkem::mlkem768::keypair(); // finds: use:ML-KEM-768
    let (pk2, sk2) = pqcrypto_kyber::kyber1024::keypair(); // finds: use:ML-KEM-1024
}

pub mod reexports {
    pub use x25519_dalek::StaticSecret as Fixed;
}
pub fn generic_curves(bytes: &[u8]) {
    let a = elliptic_curve::SecretKey::<p256::NistP256>::random(&mut OsRng); // finds: use:EC
    let b = reexports::Fixed::random_from_rng(OsRng); // finds: use:X25519
}
pub fn dsa_sizes(rng: &mut OsRng) {
    let weak = dsa::Components::generate(rng, dsa::KeySize::DSA_1024_160); // finds: use:DSA weak-key-size
    let good = dsa::Components::generate(rng, dsa::KeySize::DSA_3072_256); // finds: use:DSA
}

pub fn biscuits(key: &str) -> Result<(), Box<dyn std::error::Error>> {
    biscuit_auth::KeyPair::new(); // finds: use:Ed25519
    biscuit_auth::PublicKey::from_bytes_hex(key, biscuit_auth::Algorithm::Ed25519)?; // finds: use:Ed25519
    Ok(())
}

fn peers(secret: &[u8], crypto: Arc<dyn quinn::crypto::ClientConfig>) {
    let peer = libp2p::identity::Keypair::generate_ed25519(); // finds: use:Ed25519
    let wallet = libp2p_identity::Keypair::generate_secp256k1(); // finds: use:ECDSA
    let noise = libp2p::noise::Config::new(&peer).unwrap(); // finds: use:X25519
    let tls = libp2p::tls::Config::new(&peer).unwrap(); // finds: use:TLS
    let id = libp2p::identity::PeerId::random();
    let quic = quinn::ClientConfig::new(crypto); // finds: use:TLS
    let limits = quinn::TransportConfig::default();
}
