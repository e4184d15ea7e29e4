use digest::Digest;

pub trait Suite {
    type Hash: Digest;
    const ROUNDS: u32 = 600_000;

    fn transcript(parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = Self::Hash::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
}
