from OpenSSL import SSL, crypto


def contexts(callback):
    context = SSL.Context(SSL.TLSv1_METHOD)  # finds: use:TLSv1.0 weak-protocol
    context.set_verify(SSL.VERIFY_NONE, callback)  # finds: disabled-certificate-check
    context = SSL.Context(SSL.TLS_METHOD)  # finds: use:TLS
    context.set_verify(SSL.VERIFY_PEER, callback)


def certificates():
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 1024)  # finds: use:RSA weak-key-size
    certificate = crypto.X509()  # finds: use:X.509
    certificate.sign(key, "sha1")  # finds: use:X.509 weak-hash
    certificate.sign(key, "sha256")  # finds: use:X.509
