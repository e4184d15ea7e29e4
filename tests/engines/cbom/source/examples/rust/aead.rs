use aes_gcm::aead::{Aead, AeadCore, AeadInPlace, KeyInit, OsRng, Payload};
use aes_gcm::{aead::generic_array::GenericArray, Aes128Gcm, Aes256Gcm, Key, Nonce};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305, XNonce};

const KEY: &[u8; 32] = b"an example very very secret key.";
static NONCE: &[u8] = b"unique nonce";

pub fn good(d: &[u8]) -> Result<Vec<u8>, aes_gcm::Error> {
    let key = Aes256Gcm::generate_key(&mut OsRng);
    let cipher = Aes256Gcm::new(&key); // finds: use:AES
    let nonce = Aes256Gcm::generate_nonce(&mut OsRng);
    cipher.encrypt(&nonce, d) // finds: use:AES
}
pub fn bad(d: &[u8]) -> Vec<u8> {
    let key = Key::<Aes256Gcm>::from_slice(KEY);
    let cipher = Aes256Gcm::new(key); // finds: use:AES hardcoded-key
    let nonce = Nonce::from_slice(NONCE);
    cipher.encrypt(nonce, d.as_ref()).expect("encryption failure!") // finds: static-iv
}
pub fn bad2(d: &mut Vec<u8>) {
    let cipher = Aes128Gcm::new_from_slice(b"0123456789abcdef").unwrap(); // finds: use:AES hardcoded-key
    let nonce = GenericArray::from_slice(&[0u8; 12]);
    cipher.encrypt_in_place(nonce, b"", d).unwrap(); // finds: static-iv
}
pub fn bad3(key: &[u8; 32], d: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(key.into()); // finds: use:ChaCha20-Poly1305
    cipher.encrypt(b"000000000000".into(), Payload { msg: d, aad: b"" }).unwrap() // finds: static-iv
}
pub fn bad4(d: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&Default::default()); // finds: use:XChaCha20-Poly1305 hardcoded-key
    let nonce = XNonce::default();
    cipher.encrypt(&nonce, d).unwrap() // finds: static-iv
}
pub fn reuse(key: &[u8], a: &[u8], b: &[u8]) {
    let cipher = Aes256Gcm::new_from_slice(key).unwrap(); // finds: use:AES
    let nonce = Aes256Gcm::generate_nonce(&mut OsRng);
    let x = cipher.encrypt(&nonce, a).unwrap(); // finds: use:AES
    let y = cipher.encrypt(&nonce, b).unwrap(); // finds: nonce-reuse
}
pub fn reuse_loop(key: &[u8], all: &[Vec<u8>]) {
    let cipher = Aes256Gcm::new_from_slice(key).unwrap(); // finds: use:AES
    let nonce = Aes256Gcm::generate_nonce(&mut OsRng);
    for one in all {
        cipher.encrypt(&nonce, one.as_slice()).unwrap(); // finds: nonce-reuse
    }
}
pub fn filled(key: &[u8], d: &[u8]) -> Vec<u8> {
    use rand::RngCore;
    let mut iv = [0u8; 12];
    rand::thread_rng().fill_bytes(&mut iv); // finds: use:CSPRNG
    Aes256Gcm::new_from_slice(key).unwrap().encrypt(Nonce::from_slice(&iv), d).unwrap() // finds: use:AES
}
pub fn copied(key: &[u8], given: &[u8], d: &[u8]) -> Vec<u8> {
    let mut iv = [0u8; 12];
    iv.copy_from_slice(&given[..12]);
    Aes256Gcm::new_from_slice(key).unwrap().encrypt(&iv.into(), d).unwrap() // finds: use:AES
}
pub fn open(key: &[u8], d: &[u8]) -> Vec<u8> {
    let c = Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(key)); // finds: use:AES
    c.decrypt(Nonce::from_slice(&d[..12]), &d[12..]).unwrap() // finds: use:AES
}
pub struct Vault { cipher: Aes256Gcm }
impl Vault {
    pub fn new() -> Self {
        Vault { cipher: Aes256Gcm::new(GenericArray::from_slice(KEY)) } // finds: use:AES hardcoded-key
    }
    pub fn seal(&self, d: &[u8]) -> Vec<u8> {
        self.cipher.encrypt(Nonce::from_slice(b"unique nonce"), d).unwrap() // finds: static-iv
    }
}
pub fn from_text(d: &[u8]) {
    let key = hex::decode("000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f").unwrap();
    let c = aes_gcm_siv::Aes256GcmSiv::new_from_slice(&key).unwrap(); // finds: use:AES hardcoded-key
    let k2: [u8; 32] = hex_literal::hex!("000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f");
    let c2 = chacha20poly1305::ChaCha20Poly1305::new(&k2.into()); // finds: use:ChaCha20-Poly1305 hardcoded-key
    let env = std::env::var("KEY").unwrap();
    let c3 = chacha20poly1305::ChaCha20Poly1305::new_from_slice(env.as_bytes()).unwrap(); // finds: use:ChaCha20-Poly1305
    let k4 = env!("BUILD_KEY");
    let k5 = include_bytes!("key.bin");
    let c5 = chacha20poly1305::ChaCha20Poly1305::new_from_slice(k5).unwrap(); // finds: use:ChaCha20-Poly1305 hardcoded-key
    let k6 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let c6 = chacha20poly1305::ChaCha20Poly1305::new(chacha20poly1305::Key::from_slice(&k6)); // finds: use:ChaCha20-Poly1305 hardcoded-key
    let k7 = vec![7u8; 32];
    let c7 = chacha20poly1305::ChaCha20Poly1305::new(chacha20poly1305::Key::from_slice(&k7)); // finds: use:ChaCha20-Poly1305 hardcoded-key
    let k8 = "passwordpasswordpasswordpassword".to_string();
    let c8 = chacha20poly1305::ChaCha20Poly1305::new_from_slice(&k8.as_bytes()[..32]).unwrap(); // finds: use:ChaCha20-Poly1305 hardcoded-key
    let k9: Vec<u8> = "passwordpasswordpasswordpassword".bytes().collect();
    let c9 = chacha20poly1305::ChaCha20Poly1305::new_from_slice(&k9).unwrap(); // finds: use:ChaCha20-Poly1305 hardcoded-key
}

pub fn more(key: &[u8], nonce: &[u8], d: &[u8]) {
    let cc = ccm::Ccm::<aes::Aes256, ccm::consts::U10, ccm::consts::U13>::new(key.into()); // finds: use:AES
    let ea = eax::Eax::<aes::Aes256>::new(key.into()); // finds: use:AES
    ea.encrypt(&[0u8; 16].into(), d).unwrap(); // finds: static-iv
    ea.decrypt(&[0u8; 16].into(), d).unwrap(); // finds: use:AES
}
