// A file that a test reads first.
pub struct Salt {
    salt: Vec<u8>,
}

impl Salt {
    pub fn new() -> Self {
        Self { salt: Vec::new() }
    }

    pub fn get(&self, data: &[u8]) -> Vec<u8> {
        let key = openssl::pkey::PKey::hmac(&self.salt).unwrap(); // finds: use:HMAC
        openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key) // finds: use:HMAC-SHA-256
            .and_then(|mut signer| signer.sign_oneshot_to_vec(data))
            .unwrap()
    }
}
