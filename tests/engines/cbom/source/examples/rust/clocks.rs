use rand::{rngs::{SmallRng, StdRng}, Rng, SeedableRng};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn a() -> [u8; 16] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut rng = StdRng::seed_from_u64(now); // finds: static-seed
    let token: [u8; 16] = rng.gen(); // finds: use:CSPRNG
    token
}
fn b() -> u64 {
    let mut rng = StdRng::seed_from_u64(SystemTime::now().duration_since(UNIX_EPOCH).expect("time").as_nanos() as u64); // finds: static-seed
    rng.gen() // finds: use:CSPRNG
}
fn c() -> u32 {
    let seed = chrono::Utc::now().timestamp_millis() as u64;
    let mut rng = SmallRng::seed_from_u64(seed); // finds: static-seed
    let otp = rng.gen_range(100000..999999); // finds: weak-random
    otp
}
fn d() -> u32 {
    let mut rng = SmallRng::seed_from_u64(chrono::Utc::now().timestamp() as u64);
    rng.gen_range(1..7)
}
fn e(seed: u64) -> u32 {
    let started = Instant::now();
    let mut rng = StdRng::seed_from_u64(seed);
    let n = rng.gen_range(1..7);
    println!("{:?}", started.elapsed().as_millis());
    n
}
