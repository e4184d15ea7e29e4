pub struct Code(pub u64);

impl Code {
    pub fn name(&self) -> String {
        hex::encode(sha2::Sha256::digest(self.0.to_be_bytes())) // finds: use:SHA-256
    }
}
