use mbedtls::hash::{Hmac, Md, Type};
use ssh_key::{rand_core::OsRng, Algorithm, PrivateKey};
use zip::write::SimpleFileOptions;
use zip::AesMode;

fn keys(rng: &mut OsRng, algorithm: Algorithm) {
    let key = PrivateKey::random(rng, Algorithm::Ed25519); // finds: use:Ed25519
    let small = ssh_key::private::RsaKeypair::random(rng, 1024); // finds: use:RSA weak-key-size
    let read = PrivateKey::from_openssh(text);
    let pair = minisign::KeyPair::generate_unencrypted_keypair(); // finds: use:Ed25519
    let shares = frost_ed25519::keys::generate_with_dealer(3, 2, list, rng); // finds: use:Schnorr
}

fn agreed(password: &Password, group: &Group) {
    let (state, message) = spake2::Spake2::<spake2::Ed25519Group>::start_a(password, a, b); // finds: use:
    let client = srp::client::SrpClient::<sha2::Sha256>::new(group); // finds: use:SRP
    let account = vodozemac::olm::Account::new(); // finds: use:X25519
    let room = openmls::group::MlsGroup::new(provider, signer, config, credential); // finds: use:
    let conn = webrtc_dtls::conn::DTLSConn::new(socket, config, true, None); // finds: use:DTLS
}

fn wallet(phrase: &str, data: &[u8], key: &[u8]) {
    let mnemonic = bip39::Mnemonic::parse(phrase).unwrap();
    let seed = mnemonic.to_seed(""); // finds: use:PBKDF2
    let child = bip32::XPrv::derive_from_path(&seed, &path); // finds: use:ECDSA
    let sealed = ecies::encrypt(key, data); // finds: use:ECIES
}

fn archive(password: &str) {
    let options = SimpleFileOptions::default().with_aes_encryption(AesMode::Aes256, password); // finds: use:AES
    let plain = SimpleFileOptions::default().unix_permissions(0o755);
}

fn mbed(data: &[u8], key: &[u8], out: &mut [u8], rng: &mut Rng) {
    Md::hash(Type::Sha256, data, out); // finds: use:SHA-256
    Md::hash(Type::Md5, data, out); // finds: use:MD5 weak-hash
    Hmac::hmac(Type::Sha256, key, data, out); // finds: use:HMAC-SHA-256
    Hmac::hmac(Type::Sha256, b"a key in the program", data, out); // finds: use:HMAC-SHA-256 hardcoded-key
    let key = mbedtls::pk::Pk::generate_rsa(rng, 3072, 0x10001); // finds: use:RSA
    let config = mbedtls::ssl::Config::new(endpoint, transport, preset); // finds: use:TLS
}
