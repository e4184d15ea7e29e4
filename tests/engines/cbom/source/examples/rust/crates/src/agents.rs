use hmac::{Hmac, KeyInit};
use sha2::Sha256;

// What a test gives to a field isn't the program's, nor are the keys of a fuzzed parser.
pub struct Agent {
    secret: Vec<u8>,
}

impl Agent {
    pub fn tag(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.secret).unwrap() // finds: use:HMAC-SHA-256
    }
}

fn parse(key: &[u8], text: &[u8]) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap(); // finds: use:HMAC-SHA-256
    text.is_empty()
}

pub fn parse_for_fuzzing(text: &[u8]) -> bool {
    parse(b"a key of the fuzzer", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        let agent = Agent { secret: b"the secret of a test".to_vec() };
        agent.tag();
    }
}
