// Modules that are called like libraries.
mod k256;

pub use self::k256::Code;
