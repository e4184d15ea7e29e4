use super::Digest;
use md5::Md5;

pub const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

pub fn other() -> &'static [u8] {
    super::super::crypto::keys::KEY
}

pub fn sum(data: &[u8]) -> Vec<u8> {
    let hasher: Md5 = Digest::new(); // finds: use:MD5 weak-hash
    hasher.chain_update(data).finalize().to_vec()
}
