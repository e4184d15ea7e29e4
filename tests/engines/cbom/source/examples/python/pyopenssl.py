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
