use x25519_dalek::StaticSecret;

pub fn secret() -> StaticSecret {
    StaticSecret::from([3u8; 32]) // finds: use:X25519 hardcoded-key
}
