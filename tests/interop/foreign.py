"""Keys that were made elsewhere, in the forms in which they are brought in, and certificates for keys."""

from __future__ import annotations

import base64
import datetime
import os
from collections.abc import Callable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.x509.oid import NameOID

from engines.algorithms.registry import ALGORITHMS
from tests.interop.sides import Side

Pair = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

PAIRS: Mapping[str, Callable[[], Pair]] = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa-p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
}
_SYMMETRIC: Mapping[str, int] = {
    "aes128-gcm96": 16,
    "aes256-gcm96": 32,
    "chacha20-poly1305": 32,
    "xchacha20-poly1305": 32,
    "hmac": 48,
}
SYMMETRIC = {kind: size for kind, size in _SYMMETRIC.items() if kind in ALGORITHMS}
"""How many bytes the keys of each type have here."""


def private_bytes(pair: Pair) -> bytes:
    """A key pair as it is wrapped: PKCS#8 in DER."""
    return pair.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(pair: Pair) -> str:
    """The public key alone."""
    return (
        pair.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def material(kind: str) -> bytes:
    """A new key of type ``kind``, as it is wrapped."""
    return os.urandom(SYMMETRIC[kind]) if kind in SYMMETRIC else private_bytes(PAIRS[kind]())


def wrapped(side: Side, data: bytes) -> str:
    """``data`` under the wrapping key of ``side``: an AES key under RSA-OAEP, then ``data`` under that key."""
    recipient = serialization.load_pem_public_key(side.read("wrapping_key")["public_key"].encode())
    assert isinstance(recipient, rsa.RSAPublicKey)
    ephemeral = os.urandom(32)
    sealed = recipient.encrypt(ephemeral, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    return base64.b64encode(sealed + aes_key_wrap_with_padding(ephemeral, data)).decode()


def certificate_chain(request: str) -> str:
    """A certificate for the key of a request in PEM, and that of the authority which signed it."""
    asked = x509.load_pem_x509_csr(request.encode())
    assert asked.is_signature_valid
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    public = asked.public_key()
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")])
    leaf = _certificate(subject, issuer, public, authority, ca=False)
    root = _certificate(issuer, issuer, authority.public_key(), authority, ca=True)
    return leaf + root


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    authority: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> str:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(authority, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
