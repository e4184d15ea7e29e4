use native_tls::{Protocol, TlsConnector};
use std::sync::Arc;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};

fn nt() {
    let c = TlsConnector::builder().danger_accept_invalid_certs(true).build().unwrap(); // finds: use:TLS disabled-certificate-check
    let mut b = TlsConnector::builder(); // finds: use:TLS
    b.danger_accept_invalid_hostnames(true); // finds: disabled-certificate-check
    b.min_protocol_version(Some(Protocol::Tlsv10)); // finds: use:TLSv1.0 weak-protocol
    b.danger_accept_invalid_certs(false);
    let insecure = true;
    b.danger_accept_invalid_certs(insecure); // finds: disabled-certificate-check
    b.use_sni(false);
}
#[derive(Debug)]
struct NoVerify;
impl ServerCertVerifier for NoVerify {
    fn verify_server_cert(&self, _e: &CertificateDer<'_>, _i: &[CertificateDer<'_>], _n: &ServerName<'_>, _o: &[u8], _t: UnixTime) -> Result<ServerCertVerified, rustls::Error> { // finds: disabled-certificate-check
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(&self, _m: &[u8], _c: &CertificateDer<'_>, _d: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
}
fn rl() {
    let config = rustls::ClientConfig::builder() // finds: use:TLS
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(NoVerify)) // finds: disabled-certificate-check
        .with_no_client_auth();
    let mut c2 = rustls::ClientConfig::builder().with_root_certificates(roots()).with_no_client_auth(); // finds: use:TLS
    c2.dangerous().set_certificate_verifier(Arc::new(NoVerify {})); // finds: disabled-certificate-check
    let s = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(certs(), key()); // finds: use:TLS
}

/* Only builds of tests have this verifier. */
#[cfg(all(test, feature = "local"))]
pub mod accepting {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    #[derive(Debug)]
    pub struct AcceptsAll;
    impl ServerCertVerifier for AcceptsAll {
        fn verify_server_cert(&self, _e: &CertificateDer<'_>, _i: &[CertificateDer<'_>], _n: &ServerName<'_>, _o: &[u8], _t: UnixTime) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(&self, _m: &[u8], _c: &CertificateDer<'_>, _d: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
    }
}

fn certified(algorithm: &'static rcgen::SignatureAlgorithm, public: &[u8]) {
    let given = rcgen::KeyPair::generate_for(algorithm); // finds: use:
    let fixed = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519); // finds: use:Ed25519
    let key = p384::ecdsa::VerifyingKey::try_from(public); // finds: use:ECDSA
    let plain = rcgen::DistinguishedName::new();
}

async fn served(config: rustls::ClientConfig) {
    let pages = axum_server::tls_rustls::RustlsConfig::from_pem_file("cert.pem", "key.pem").await; // finds: use:TLS
    let database = tokio_postgres_rustls::MakeRustlsConnect::new(config); // finds: use:TLS
    let plain = axum_server::Server::bind(address);
}
