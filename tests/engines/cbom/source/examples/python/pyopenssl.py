import M2Crypto
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

M2Crypto.EVP.hmac(os.environb[b"KEY"], b"m", algo="sha256")  # finds: use:HMAC-SHA-256
crypto.load_certificate(crypto.FILETYPE_PEM, pem).digest("sha1")  # finds: use:X.509 use:SHA-1 weak-hash


def accepts(connection, certificate, number, depth, ok):
    return True


def passes_on(connection, certificate, number, depth, ok):
    return ok


def never_asked():
    return SSL.Context(SSL.TLS_CLIENT_METHOD)  # finds: use:TLS disabled-certificate-check


def asked_in_vain():
    context = SSL.Context(SSL.TLS_METHOD)  # finds: use:TLS
    context.set_verify(SSL.VERIFY_PEER, accepts)  # finds: disabled-certificate-check


def asked():
    context = SSL.Context(SSL.TLS_METHOD)  # finds: use:TLS
    context.set_verify(SSL.VERIFY_PEER, passes_on)
    return context


def of_a_server():
    context = SSL.Context(SSL.TLS_METHOD)  # finds: use:TLS
    context.use_privatekey_file("server.pem")
    return context, SSL.Context(SSL.TLS_SERVER_METHOD)  # finds: use:TLS
