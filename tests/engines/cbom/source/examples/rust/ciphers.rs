use aes::cipher::{block_padding::Pkcs7, BlockDecryptMut, BlockEncrypt, BlockEncryptMut, KeyInit, KeyIvInit, StreamCipher};
use aes::{Aes128, Aes192, Aes256};
use des::{Des, TdesEde3};
use rc4::Rc4;

type Aes128CbcEnc = cbc::Encryptor<aes::Aes128>;
type Aes256EcbEnc = ecb::Encryptor<Aes256>;
type DesCbc = cbc::Encryptor<Des>;
type Aes128Ctr64LE = ctr::Ctr64LE<aes::Aes128>;
pub type Tdes = cbc::Decryptor<des::TdesEde3>;

fn cbc_enc(key: [u8; 16], iv: [u8; 16], d: &[u8]) -> Vec<u8> {
    Aes128CbcEnc::new(&key.into(), &iv.into()).encrypt_padded_vec_mut::<Pkcs7>(d) // finds: use:AES unauthenticated-mode
}
fn ecb_enc(key: &[u8], d: &[u8]) -> Vec<u8> {
    Aes256EcbEnc::new_from_slice(key).unwrap().encrypt_padded_vec_mut::<Pkcs7>(d) // finds: use:AES ecb-mode
}
fn des_cbc(key: &[u8], iv: &[u8], buf: &mut [u8]) {
    let c = DesCbc::new_from_slices(key, iv).unwrap(); // finds: use:DES weak-cipher unauthenticated-mode
    c.encrypt_padded_mut::<Pkcs7>(buf, 8).unwrap(); // finds: use:DES
}
fn tdes(key: &[u8], iv: &[u8], buf: &mut [u8]) {
    Tdes::new(key.into(), iv.into()).decrypt_padded_mut::<Pkcs7>(buf).unwrap(); // finds: use:3DES weak-cipher unauthenticated-mode
}
fn inline(key: &[u8; 16], iv: &[u8; 16], buf: &mut [u8]) {
    let mut c = ctr::Ctr128BE::<Aes128>::new(key.into(), iv.into()); // finds: use:AES unauthenticated-mode
    c.apply_keystream(buf); // finds: use:AES
    let mut d = Aes128Ctr64LE::new(key.into(), &[0u8; 16].into()); // finds: use:AES static-iv unauthenticated-mode
    d.apply_keystream(buf); // finds: use:AES
}
fn fixed(buf: &mut [u8]) {
    let key = b"0123456789abcdef";
    let iv = [0x24; 16];
    let mut c = ctr::Ctr128BE::<Aes128>::new(key.into(), &iv.into()); // finds: use:AES hardcoded-key static-iv unauthenticated-mode
    c.apply_keystream(buf); // finds: use:AES
}
fn rc4(buf: &mut [u8]) {
    let mut c = Rc4::new(b"Key".into()); // finds: use:RC4 weak-cipher hardcoded-key weak-key-size
    c.apply_keystream(buf); // finds: use:RC4
}
fn rc4_typed(key: &[u8], buf: &mut [u8]) {
    let mut c = Rc4::<rc4::consts::U16>::new(key.into()); // finds: use:RC4 weak-cipher
    c.apply_keystream(buf); // finds: use:RC4
    let k: &[u8] = key;
    let mut e = <Rc4<rc4::consts::U16> as KeyInit>::new_from_slice(k).unwrap(); // finds: use:RC4 weak-cipher
}
fn plain_block(key: &[u8], block: &mut [u8; 16]) {
    let c = Aes256::new(key.into()); // finds: use:AES
    c.encrypt_block(block.into());
    let d = Des::new_from_slice(key).unwrap(); // finds: use:DES weak-cipher
    d.encrypt_block(block.into());
    let t = TdesEde3::new(key.into()); // finds: use:3DES weak-cipher
    let b: blowfish::Blowfish = blowfish::Blowfish::new_from_slice(key).unwrap(); // finds: use:Blowfish weak-cipher
    let r = rc2::Rc2::new_with_eff_key_len(key, 64); // finds: use:RC2 weak-cipher
    let i = idea::Idea::new(key.into()); // finds: use:IDEA weak-cipher
    let c5 = cast5::Cast5::new_from_slice(key).unwrap(); // finds: use:CAST5 weak-cipher
}
struct Session<'a> {
    key: &'a [u8],
}
impl<'a> Session<'a> {
    const IV: [u8; 16] = *b"initvectorinitve";
    fn run(&self, d: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let enc = cbc::Encryptor::<Aes256>::new_from_slices(self.key, &Self::IV)?; // finds: use:AES static-iv unauthenticated-mode
        Ok(enc.encrypt_padded_vec_mut::<Pkcs7>(d)) // finds: use:AES
    }
}
mod old {
    use aes::Aes128;
    use block_modes::block_padding::{Pkcs7, ZeroPadding};
    use block_modes::{BlockMode, Cbc, Ecb};
    type AesCbc = Cbc<Aes128, Pkcs7>;
    type AesEcb = Ecb<Aes128, ZeroPadding>;
    pub fn both(key: &[u8], iv: &[u8], d: &[u8]) -> Vec<u8> {
        let a = AesCbc::new_from_slices(key, iv).unwrap(); // finds: use:AES unauthenticated-mode
        let b = AesEcb::new_from_slices(key, Default::default()).unwrap(); // finds: use:AES ecb-mode
        let c = AesCbc::new_var(key, &[0u8; 16]).unwrap(); // finds: use:AES static-iv unauthenticated-mode
        b.encrypt_vec(d) // finds: use:AES
    }
}

fn streams(key: &[u8], iv: &[u8]) {
    let si = chacha20::ChaCha20::new(key.into(), &[0u8; 12].into()); // finds: use:ChaCha20 static-iv
    let sa = salsa20::Salsa20::new(key.into(), b"8 bytes.".into()); // finds: use:Salsa20 static-iv
    let fresh = chacha20::XChaCha20::new(key.into(), iv.into()); // finds: use:XChaCha20
}

fn rabbits(key: &[u8], iv: &[u8]) {
    let a = rabbit::Rabbit::new(rabbit::Key::from_slice(key), rabbit::Iv::from_slice(&[0u8; 8])); // finds: use:Rabbit static-iv
    let zero: [u8; 16] = unsafe { std::mem::zeroed() };
    let b = rabbit::RabbitKeyOnly::new(rabbit::Key::from_slice(&zero)); // finds: use:Rabbit hardcoded-key
    let c = rabbit::Rabbit::new(key.into(), iv.into()); // finds: use:Rabbit
}
