// Cargo builds this for tests only.
use x25519_dalek::StaticSecret;

fn secret() -> StaticSecret {
    StaticSecret::from([1u8; 32]) // finds: use:X25519
}
