import os

from cryptography import x509
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes, hmac, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, ed25519, mldsa, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt


def hashed():
    hashes.Hash(hashes.SHA256())  # finds: use:SHA-256
    hashes.Hash(hashes.SHA1())  # finds: use:SHA-1 weak-hash
    hashes.Hash(hashes.MD5())  # finds: use:MD5 weak-hash
    hashes.SHA1()  # finds: use:SHA-1 weak-hash
    chosen = hashes.SHA512()
    return hashes.Hash(chosen)  # finds: use:SHA-512


def authenticated(key):
    hmac.HMAC(key, hashes.SHA256())  # finds: use:HMAC-SHA-256
    hmac.HMAC(key, hashes.SHA1())  # finds: use:HMAC-SHA-1
    hmac.HMAC(b"0123456789abcdef", hashes.SHA256())  # finds: use:HMAC-SHA-256 hardcoded-key


def encrypted(key):
    iv = os.urandom(16)  # finds: use:CSPRNG
    Cipher(algorithms.AES(key), modes.ECB())  # finds: use:AES ecb-mode
    Cipher(algorithms.AES(key), modes.GCM(iv))  # finds: use:AES
    Cipher(algorithms.AES(key), modes.GCM(b"\x00" * 12))  # finds: use:AES static-iv
    Cipher(algorithms.TripleDES(key), modes.GCM(iv))  # finds: use:3DES weak-cipher
    Cipher(algorithms.AES(b"sixteen byte key"), mode=modes.GCM(iv))  # finds: use:AES hardcoded-key
    Cipher(algorithms.AES(key), modes.CBC(iv))  # finds: use:AES unauthenticated-mode
    algorithm = algorithms.ARC4(key)  # finds: use:RC4 weak-cipher
    return Cipher(algorithm, mode=None)  # finds: use:RC4 weak-cipher


def tagged(key, mac_key, data):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(os.urandom(16))).encryptor()  # finds: use:AES use:CSPRNG
    return tag(mac_key, encryptor.update(data))  # finds: use:AES


def tag(key, data):
    code = hmac.HMAC(key, hashes.SHA256())  # finds: use:HMAC-SHA-256
    code.update(data)  # finds: use:HMAC-SHA-256
    return code.finalize()


def sealed(data):
    key = AESGCM.generate_key(256)  # finds: use:AES use:CSPRNG
    aead = AESGCM(key)  # finds: use:AES
    aead.encrypt(os.urandom(12), data, None)  # finds: use:AES use:CSPRNG
    aead.encrypt(b"123456789012", data, None)  # finds: use:AES static-iv
    aead.decrypt(b"123456789012", data, None)  # finds: use:AES
    ChaCha20Poly1305(b"k" * 32)  # finds: use:ChaCha20-Poly1305 hardcoded-key
    Fernet(Fernet.generate_key())  # finds: use:Fernet use:CSPRNG
    Fernet(b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")  # finds: use:Fernet hardcoded-key


def generated():
    rsa.generate_private_key(public_exponent=65537, key_size=3072)  # finds: use:RSA
    rsa.generate_private_key(65537, 1024)  # finds: use:RSA weak-key-size
    dsa.generate_private_key(key_size=1024)  # finds: use:DSA weak-key-size
    dh.generate_parameters(generator=2, key_size=512)  # finds: use:DH weak-key-size
    ec.generate_private_key(ec.SECP256R1())  # finds: use:EC
    ec.generate_private_key(ec.SECP192R1())  # finds: use:EC weak-key-size
    ed25519.Ed25519PrivateKey.generate()  # finds: use:Ed25519
    x25519.X25519PrivateKey.generate()  # finds: use:X25519


def signed(key, data):
    own = rsa.generate_private_key(65537, 2048)  # finds: use:RSA
    own.public_key().encrypt(data, padding.PKCS1v15())  # finds: use:RSA weak-padding
    own.public_key().encrypt(data, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))  # finds: use:RSA
    own.sign(data, padding.PKCS1v15(), hashes.SHA1())  # finds: use:RSA weak-hash
    own.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())  # finds: use:RSA
    key.encrypt(data, padding.PKCS1v15())  # finds: use:RSA weak-padding
    key.sign(data, ec.ECDSA(hashes.SHA256()))  # finds: use:ECDSA
    key.encrypt(data, "padding")


def derived(password, salt):
    PBKDF2HMAC(hashes.SHA256(), 32, salt, 600_000).derive(password)  # finds: use:PBKDF2
    PBKDF2HMAC(algorithm=hashes.SHA1(), length=32, salt=salt, iterations=1000)  # finds: use:PBKDF2 low-kdf-iterations
    PBKDF2HMAC(hashes.SHA256(), 32, b"salt", 600_000)  # finds: use:PBKDF2 static-salt
    Scrypt(salt, 32, n=2**15, r=8, p=1).derive(b"password")  # finds: use:scrypt hardcoded-key
    HKDF(hashes.SHA256(), 32, None, b"info")  # finds: use:HKDF


def certified(builder, key):
    x509.load_pem_x509_certificate(b"")  # finds: use:X.509
    mine = x509.CertificateBuilder().subject_name(None)  # finds: use:X.509
    mine.sign(key, hashes.SHA1())  # finds: use:X.509 weak-hash
    serialization.load_pem_private_key(b"", None)


def repeated(key, messages, small):
    aead = AESGCM(key)  # finds: use:AES
    nonce = os.urandom(12)  # finds: use:CSPRNG
    if small:
        return aead.encrypt(nonce, messages[0], None)  # finds: use:AES
    aead.encrypt(nonce, messages[1], None)  # finds: use:AES
    aead.encrypt(nonce, messages[2], None)  # finds: use:AES nonce-reuse
    nonce = os.urandom(12)  # finds: use:CSPRNG
    aead.encrypt(nonce, messages[3], None)  # finds: use:AES
    aead.decrypt(nonce, messages[4], None)  # finds: use:AES
    for message in messages:
        aead.encrypt(os.urandom(12), message, None)  # finds: use:AES use:CSPRNG
    first = os.urandom(12)  # finds: use:CSPRNG
    for message in messages:
        aead.encrypt(first, message, None)  # finds: use:AES nonce-reuse


def stored(key, content, passphrase):
    serialization.load_pem_private_key(content, password=b"opens the key")  # finds: hardcoded-key
    serialization.load_pem_private_key(content, password=None)
    serialization.load_pem_private_key(content, passphrase)
    serialization.BestAvailableEncryption(b"opens the key")  # finds: hardcoded-key
    serialization.BestAvailableEncryption(passphrase)


def post_quantum():
    mlkem.MLKEM768PrivateKey.generate()  # finds: use:ML-KEM-768
    mldsa.MLDSA65PrivateKey.generate()  # finds: use:ML-DSA-65


def in_a_comprehension(key, messages):
    nonce = os.urandom(12)  # finds: use:CSPRNG
    box = AESGCM(key)  # finds: use:AES
    return [box.encrypt(nonce, each, None) for each in messages]  # finds: use:AES nonce-reuse


def synthetic(key):
    AESSIV(key).encrypt(b"a constant message", [b"header"])  # finds: use:AES


def wrapped(wrapping, key):
    keywrap.aes_key_wrap(wrapping, key)  # finds: use:AES
    numbers = dh.DHParameterNumbers(P, 2)  # finds: use:DH
    return numbers.parameters().generate_private_key()  # finds: use:DH


PEM = b"-----BEGIN PRIVATE KEY-----"
serialization.load_pem_private_key(PEM, None)  # finds: hardcoded-key
serialization.load_pem_private_key(open("key.pem", "rb").read(), None)


def typed(signer: ed25519.Ed25519PrivateKey, checker: ed25519.Ed25519PublicKey, own: x25519.X25519PrivateKey, peer):
    checker.verify(signer.sign(b"m"), b"m")  # finds: use:Ed25519
    return own.exchange(peer)  # finds: use:X25519


def rotated(keys, token):
    ring = MultiFernet([Fernet(key) for key in keys])  # finds: use:Fernet
    return ring.rotate(token)  # finds: use:Fernet


def requested(content):
    return x509.load_pem_x509_csr(content)  # finds: use:X.509


def fixed_keys(seed):
    ed25519.Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)  # finds: use:Ed25519 hardcoded-key
    ed25519.Ed25519PrivateKey.from_private_bytes(seed)  # finds: use:Ed25519
    ec.derive_private_key(12345, ec.SECP256R1())  # finds: use:EC hardcoded-key


def of_numbers(e, n, x, y):
    rsa.RSAPublicNumbers(e, n).public_key()  # finds: use:RSA
    ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()  # finds: use:EC


def of_two_kinds(kind, message):
    if kind == "ec":
        key = ec.generate_private_key(ec.SECP256R1())  # finds: use:EC
    else:
        key = rsa.generate_private_key(65537, 3072)  # finds: use:RSA
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())  # finds: use:RSA
