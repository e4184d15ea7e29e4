use aes::cipher::{generic_array::GenericArray, BlockEncrypt, KeyInit};
use aes::{Aes128, Aes192};
use rand::{Rng, RngCore, SeedableRng};

pub fn a(key: &[u8], data: &mut [u8]) {
    let c = Aes192::new(GenericArray::from_slice(key)); // finds: use:AES
    for chunk in data.chunks_exact_mut(16) {
        c.encrypt_block(GenericArray::from_mut_slice(chunk)); // finds: use:AES ecb-mode
    }
}
pub fn b(key: &[u8], data: &mut [u8]) {
    let c = Aes128::new(GenericArray::from_slice(key)); // finds: use:AES
    for chunk in data.chunks_mut(16) {
        let block = GenericArray::from_mut_slice(chunk);
        c.encrypt_block(block); // finds: use:AES ecb-mode
    }
}
pub fn c(key: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    let mut out = Vec::new();
    for chunk in data.chunks(16) {
        let mut block = GenericArray::clone_from_slice(chunk);
        cipher.encrypt_block(&mut block); // finds: use:AES ecb-mode
        out.extend_from_slice(&block);
    }
    out
}
pub fn d(key: &[u8], data: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    let mut blocks: Vec<_> = data.chunks(16).map(|c| GenericArray::clone_from_slice(c)).collect();
    cipher.encrypt_blocks(&mut blocks); // finds: use:AES ecb-mode
    blocks.concat()
}
pub fn e(key: &[u8], msg: &[u8; 16]) -> Vec<u8> {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    let mut block = GenericArray::from(*msg);
    cipher.encrypt_block(&mut block); // finds: use:AES ecb-mode
    block.to_vec()
}

// Counters, masks and derived keys are no blocks of a message.
pub fn mask(key: &[u8], sample: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    let mut block = GenericArray::clone_from_slice(sample);
    cipher.encrypt_block(&mut block);
    block.to_vec()
}
pub fn counter(key: &[u8], data: &mut [u8]) {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    for (number, chunk) in data.chunks_mut(16).enumerate() {
        let mut block = GenericArray::from((number as u128).to_be_bytes());
        cipher.encrypt_block(&mut block);
        for (one, other) in chunk.iter_mut().zip(block) {
            *one ^= other;
        }
    }
}
pub fn derived(key: &[u8], mut block: aes::Block) -> aes::Block {
    let cipher = Aes128::new_from_slice(key).unwrap(); // finds: use:AES
    for _ in 0..60000 {
        cipher.encrypt_block(&mut block);
    }
    block
}

pub fn r1() -> [u8; 32] {
    let mut rng = rand::rngs::SmallRng::seed_from_u64(42); // finds: static-seed
    let mut key = [0u8; 32];
    rng.fill_bytes(&mut key); // finds: weak-random
    key
}
pub fn r2() -> u64 {
    let mut rng = rand_pcg::Pcg64::seed_from_u64(7); // finds: static-seed
    let token = rng.next_u64(); // finds: weak-random
    token
}
pub fn r3() -> u32 {
    let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
    rng.gen_range(1..7)
}

pub fn fixed(data: &[u8]) -> u64 {
    let mut rng = fastrand::Rng::with_seed(12345); // finds: static-seed
    let session_key = rng.u64(..); // finds: weak-random
    session_key
}
pub fn hashed(data: &[u8]) {
    let _ = Aes128::new_from_slice(&sha2::Sha256::digest(b"password")); // finds: use:AES use:SHA-256 hardcoded-key
    let mac: hmac::Hmac<sha2::Sha512> = hmac::Hmac::new_from_slice(data).unwrap(); // finds: use:HMAC-SHA-512
}
