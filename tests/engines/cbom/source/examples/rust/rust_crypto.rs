use crypto::aes::{self, KeySize};
use crypto::blockmodes::PkcsPadding;
use crypto::digest::Digest;
use crypto::md5::Md5;
use crypto::sha1::Sha1;

pub fn rust_crypto(key: &[u8], iv: &[u8], d: &str) {
    let mut h = Md5::new(); // finds: use:MD5 weak-hash
    h.input_str(d);
    let s = h.result_str();
    let mut h2 = crypto::sha2::Sha256::new(); // finds: use:SHA-256
    let f = aes::ecb_encryptor(KeySize::KeySize128, b"0123456789abcdef", crypto::blockmodes::NoPadding); // finds: use:AES ecb-mode hardcoded-key
    let r = crypto::rc4::Rc4::new(key); // finds: use:RC4 weak-cipher
    let mut mac = crypto::hmac::Hmac::new(Sha1::new(), key); // finds: use:HMAC-SHA-1
    let mut out = [0u8; 32];
    crypto::pbkdf2::pbkdf2(&mut mac, b"salt", 1000, &mut out); // finds: use:PBKDF2 low-kdf-iterations static-salt
    crypto::bcrypt::bcrypt(4, b"salt123456789012", b"pw", &mut out); // finds: use:bcrypt low-kdf-iterations static-salt hardcoded-key
}

pub fn without_mac(key: &[u8], iv: &[u8]) {
    let e = aes::cbc_encryptor(KeySize::KeySize256, key, iv, PkcsPadding); // finds: use:AES unauthenticated-mode
    let g = aes::ctr(KeySize::KeySize256, key, &[0u8; 16]); // finds: use:AES unauthenticated-mode static-iv
    let c = crypto::chacha20poly1305::ChaCha20Poly1305::new(key, iv, b""); // finds: use:ChaCha20-Poly1305
}
