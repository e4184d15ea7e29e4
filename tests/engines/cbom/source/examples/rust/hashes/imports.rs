#[cfg(feature = "aws")]
use aws_lc_rs as backend;
#[cfg(not(feature = "aws"))]
use ring as backend;

use backend::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use backend::signature::{self, Ed25519KeyPair, UnparsedPublicKey};
use signature::ED25519;
use crate::ring_of_ours as ours;
use ours::digest::Context as OurContext;

fn sums(data: &[u8]) {
    let mut sum = Context::new(&SHA256); // finds: use:SHA-256
    sum.update(data);
    let old = Context::new(&SHA1_FOR_LEGACY_USE_ONLY); // finds: use:SHA-1 weak-hash
    let none = OurContext::new(data);
}

fn keys(public: &[u8], private: &[u8], data: &[u8], tag: &[u8]) {
    let key = Ed25519KeyPair::from_pkcs8(private).unwrap(); // finds: use:Ed25519
    let _ = UnparsedPublicKey::new(&ED25519, public).verify(data, tag); // finds: use:Ed25519
}

fn connector(conn: Connection) -> Connector {
    #[cfg(not(any(feature = "native-tls", feature = "rustls-tls")))]
    return plain(conn);

    #[cfg(feature = "native-tls")]
    return hyper_tls::HttpsConnector::new_with_connector(conn); // finds: use:TLS

    hyper_rustls::HttpsConnectorBuilder::new().https_or_http().wrap_connector(conn) // finds: use:TLS
}

fn unreached(conn: Connection, data: &[u8]) -> Connector {
    return plain(conn);
    ring::digest::digest(&ring::digest::SHA256, data);
}

impl HashOfOurs for Sum {
    type Context = Context;

    fn begin() -> Self::Context {
        Context::new(&SHA256) // finds: use:SHA-256
    }
}
