use x25519_dalek::StaticSecret;

fn secret() -> StaticSecret {
    StaticSecret::from([2u8; 32]) // finds: use:X25519
}
