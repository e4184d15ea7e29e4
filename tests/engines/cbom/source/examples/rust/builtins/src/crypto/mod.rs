pub mod keys;

pub use self::keys::sum;
pub use sha1::{Digest, Sha1 as Sum};
