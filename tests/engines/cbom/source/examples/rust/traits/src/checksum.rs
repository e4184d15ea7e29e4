use std::marker::PhantomData;

use digest::Digest;

pub struct Checksum<D: Digest> {
    pub bytes: Vec<u8>,
    kind: PhantomData<D>,
}

impl<D: Digest> Checksum<D> {
    pub fn of(data: &[u8]) -> Self {
        let mut hash = D::new();
        hash.update(data);
        Self { bytes: hash.finalize().to_vec(), kind: PhantomData }
    }
}
