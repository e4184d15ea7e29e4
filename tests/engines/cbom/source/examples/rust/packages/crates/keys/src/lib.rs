// A library whose name a module of another package has, all of whose names are imported.
mod codes;
pub use codes::*;

pub fn key(data: &[u8]) -> Result<k256::SecretKey, k256::elliptic_curve::Error> {
    k256::SecretKey::from_slice(data) // finds: use:EC
}

pub fn certificates() -> Result<(), rcgen::Error> {
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?; // finds: use:Ed25519
    rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384)?; // finds: use:ECDSA
    Ok(())
}
