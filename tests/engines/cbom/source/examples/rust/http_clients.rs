use reqwest::{blocking, Client, ClientBuilder};

async fn rq() {
    let a = Client::builder().danger_accept_invalid_certs(true).build(); // finds: use:TLS disabled-certificate-check
    let b = reqwest::ClientBuilder::new()
        .timeout(std::time::Duration::from_secs(3))
        .danger_accept_invalid_certs(true) // finds: use:TLS disabled-certificate-check
        .build();
    let c = reqwest::blocking::Client::builder()
        .danger_accept_invalid_hostnames(true) // finds: use:TLS disabled-certificate-check
        .build();
    let d = blocking::ClientBuilder::new().use_rustls_tls().tls_built_in_root_certs(false).build();
    let e = Client::builder().min_tls_version(reqwest::tls::Version::TLS_1_0).build(); // finds: use:TLSv1.0 weak-protocol
    let f = reqwest::get("https://example.org").await;
}

fn ur() {
    let agent = ureq::Agent::config_builder()
        .tls_config(ureq::tls::TlsConfig::builder().disable_verification(true).build()) // finds: use:TLS disabled-certificate-check
        .build();
}

fn others() {
    let mut easy = curl::easy::Easy::new();
    easy.ssl_verify_peer(false).unwrap(); // finds: disabled-certificate-check
    easy.ssl_verify_host(true).unwrap();
    let careful = Client::builder().danger_accept_invalid_certs(false).https_only(true).build();
}

pub fn databases(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    mysql::SslOpts::default() // finds: use:TLS
        .with_danger_skip_domain_validation(false)
        .with_danger_accept_invalid_certs(true); // finds: use:TLS disabled-certificate-check
    mongodb::options::TlsOptions::builder().allow_invalid_certificates(true).build(); // finds: use:TLS disabled-certificate-check
    ldap3::LdapConnSettings::new().set_starttls(true).set_no_tls_verify(true); // finds: use:TLS disabled-certificate-check
    ldap3::LdapConnSettings::new().set_no_tls_verify(false);
    let mut config = tiberius::Config::new();
    config.trust_cert(); // finds: use:TLS disabled-certificate-check
    isahc::HttpClient::builder().ssl_options(isahc::config::SslOption::DANGER_ACCEPT_INVALID_HOSTS); // finds: use:TLS disabled-certificate-check
    elasticsearch::http::transport::TransportBuilder::new(url)
        .cert_validation(elasticsearch::cert::CertificateValidation::None); // finds: use:TLS disabled-certificate-check
    elasticsearch::http::transport::TransportBuilder::new(url)
        .cert_validation(elasticsearch::cert::CertificateValidation::Default);
    Ok(())
}

pub fn cluster(mut config: kube::Config, mut other: kube::Config) {
    config.accept_invalid_certs = true; // finds: use:TLS disabled-certificate-check
    other.accept_invalid_certs = false;
}
