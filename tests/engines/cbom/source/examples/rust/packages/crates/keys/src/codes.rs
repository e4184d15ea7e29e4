pub use codecs::*;
