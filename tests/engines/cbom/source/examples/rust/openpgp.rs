use pgp::composed::{KeyType as PgpKeyType, Message, MessageBuilder, SecretKeyParamsBuilder, SignedSecretKey};
use pgp::crypto::{ecc_curve::ECCCurve, hash::HashAlgorithm, sym::SymmetricKeyAlgorithm};

const CIPHER: SymmetricKeyAlgorithm = SymmetricKeyAlgorithm::AES128;

fn keys(rng: Rng) -> SecretKeyParams {
    let signing = PgpKeyType::EdDSALegacy;
    let small = PgpKeyType::Rsa(1024); // finds: use:RSA weak-key-size
    let encryption = PgpKeyType::ECDH(ECCCurve::Curve25519); // finds: use:ECDH
    SecretKeyParamsBuilder::default()
        .key_type(signing) // finds: use:Ed25519
        .can_sign(true)
        .build()
}

fn messages(rng: Rng, keys: &[Key], key: &SignedSecretKey, text: &[u8], password: &str) {
    let literal = Message::new_literal_bytes("", text);
    let signed = literal.sign(&mut rng, key, || "".into(), HashAlgorithm::SHA2_256)?; // finds: use:
    let compressed = signed.compress(CompressionAlgorithm::ZLIB)?;
    let sealed = compressed.encrypt_to_keys_seipdv1(&mut rng, CIPHER, keys)?; // finds: use:AES
    let old = literal.encrypt_to_keys(&mut rng, SymmetricKeyAlgorithm::TripleDES, keys)?; // finds: use:3DES weak-cipher
    let (opened, _) = sealed.decrypt(|| "".into(), keys)?; // finds: use:AES
    literal.len();
}

fn verified(message: &pgp::composed::Message, key: &Key) -> bool {
    message.verify(key).is_ok() // finds: use:
}

fn built(rng: Rng, key: &Key) {
    let mut builder = MessageBuilder::from_bytes("", "text").seipd_v1(&mut rng, SymmetricKeyAlgorithm::AES256); // finds: use:AES
    builder.sign(key, Password::empty(), HashAlgorithm::Sha256); // finds: use:
    builder.encrypt_to_key(&mut rng, key);
}

mod letters {
    fn not_pgp(message: &Message, key: &Key) {
        message.verify(key);
    }
}

mod certificates {
    use sequoia_openpgp as openpgp;

    use openpgp::cert::prelude::*;
    use openpgp::parse::{stream::*, Parse};
    use openpgp::serialize::stream::{Encryptor2, Message, Signer};

    fn generated() -> Result<()> {
        let (cert, revocation) = CertBuilder::new()
            .add_userid("alice@example.org")
            .set_cipher_suite(CipherSuite::RSA4k) // finds: use:RSA
            .add_signing_subkey()
            .generate()?; // finds: use:
        let (other, _) = CertBuilder::general_purpose(None, Some("alice@example.org")).generate()?; // finds: use:
        let read = openpgp::Cert::from_bytes(data)?;
    }

    fn sealed(sink: &mut Sink, recipients: Recipients, pair: KeyPair) -> Result<()> {
        let message = Message::new(sink);
        let message = Encryptor2::for_recipients(message, recipients).build()?; // finds: use:
        let message = Signer::new(message, pair).build()?; // finds: use:
    }

    fn opened(data: &[u8], policy: &Policy, helper: Helper) -> Result<()> {
        let decryptor = DecryptorBuilder::from_bytes(data)?.with_policy(policy, None, helper)?; // finds: use:
        let verifier = DetachedVerifierBuilder::from_bytes(data)?.with_policy(policy, None, helper)?; // finds: use:
    }
}
