use rand::distributions::{Alphanumeric, DistString};
use rand::rngs::{OsRng, SmallRng, StdRng};
use rand::{thread_rng, Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

pub fn seeds() {
    let mut a = StdRng::seed_from_u64(42); // finds: static-seed
    let b = StdRng::from_seed([0u8; 32]); // finds: static-seed
    let c = ChaCha20Rng::seed_from_u64(1337); // finds: static-seed
    let d = StdRng::from_entropy();
    let e = StdRng::from_os_rng();
    let f = rand_chacha::ChaCha8Rng::from_seed(*b"01234567890123456789012345678901"); // finds: static-seed
}
pub fn tokens() -> String {
    let token: u64 = fastrand::u64(..); // finds: weak-random
    let mut small = SmallRng::from_entropy();
    let session_id: u128 = small.gen(); // finds: weak-random
    let mut key = [0u8; 16];
    small.fill_bytes(&mut key); // finds: weak-random
    let secret = oorandom::Rand32::new(7).rand_u32(); // finds: weak-random static-seed
    let password: String = std::iter::repeat_with(fastrand::alphanumeric).take(10).collect(); // finds: weak-random
    let dice = fastrand::u8(1..6);
    let good: [u8; 32] = thread_rng().gen(); // finds: use:CSPRNG
    let token2 = Alphanumeric.sample_string(&mut rand::thread_rng(), 32); // finds: use:CSPRNG
    let token3: u64 = rand::random(); // finds: use:CSPRNG
    let mut buf = [0u8; 16];
    OsRng.fill_bytes(&mut buf); // finds: use:CSPRNG
    getrandom::getrandom(&mut buf).unwrap(); // finds: use:CSPRNG
    getrandom::fill(&mut buf).unwrap(); // finds: use:CSPRNG
    openssl::rand::rand_bytes(&mut buf).unwrap(); // finds: use:CSPRNG
    token2
}
pub fn weak_key(d: &[u8]) {
    use aes_gcm::{Aes128Gcm, KeyInit};
    let mut small = SmallRng::seed_from_u64(3); // finds: static-seed
    let mut key = [0u8; 16];
    small.fill_bytes(&mut key); // finds: weak-random
    let c = Aes128Gcm::new_from_slice(&key).unwrap(); // finds: use:AES
}
fn formatted() -> (String, String) {
    let token = format!("{:016x}", fastrand::u64(..)); // finds: weak-random
    let delay = format!("{}", fastrand::u64(..100));
    (token, delay)
}
