"""Front-end of Rust."""
