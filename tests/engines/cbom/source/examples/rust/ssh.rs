fn hosts() {
    let mut callbacks = git2::RemoteCallbacks::new();
    callbacks.certificate_check(|_, _| Ok(git2::CertificateCheckStatus::CertificateOk)); // finds: disabled-certificate-check
    callbacks.certificate_check(|cert, host| known(cert, host));
    let _ = openssh::Session::connect("h", openssh::KnownHosts::Accept); // finds: use:SSH disabled-certificate-check
    let _ = openssh::Session::connect("h", openssh::KnownHosts::Strict); // finds: use:SSH
}

struct Anyone;

impl russh::client::Handler for Anyone {
    async fn check_server_key(&mut self, _key: &PublicKey) -> Result<bool, Self::Error> { // finds: disabled-certificate-check
        Ok(true)
    }
}

struct Known {
    key: PublicKey,
}

impl russh::client::Handler for Known {
    async fn check_server_key(&mut self, key: &PublicKey) -> Result<bool, Self::Error> {
        Ok(*key == self.key)
    }
}
