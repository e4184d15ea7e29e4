pub fn salt() -> Vec<u8> {
    std::fs::read("salt").unwrap()
}
