//! A crate of the same workspace.
pub const ROUNDS: u32 = 1_000;

pub fn sha() -> sha2::Sha256 {
    sha2::Sha256::new() // finds: use:SHA-256
}
