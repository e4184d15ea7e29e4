"""Keys to transfer, and their wrapping for import."""

from __future__ import annotations

import base64
import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.x509.oid import NameOID

from tests.engines.driver import Driver

HELLO = base64.b64encode(b"hello").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}
KEYS: dict[str, dict[str, Any]] = {
    "aes": {"type": "aes128-gcm96", **OPEN},
    "derived": {"derived": True, "convergent_encryption": True, **OPEN},
    "ed": {"type": "ed25519", **OPEN},
    "ec": {"type": "ecdsa-p256", **OPEN},
    "rsa": {"type": "rsa-2048", **OPEN},
    "mac": {"type": "hmac", "key_size": 40, **OPEN},
    "closed": {},
}
WRAPPING_KEY = rsa.generate_private_key(65537, 2048)


def pkcs8(key: Any) -> bytes:
    """A private key in PKCS#8."""
    return bytes(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def public_pem(key: Any) -> str:
    """The public part of a private key, in PEM."""
    return str(
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


async def wrapped(driver: Driver, key: bytes, aes_key: bytes = bytes(32)) -> str:
    """``key`` wrapped for import, as a client does it."""
    pem = (await driver.read("wrapping_key"))["public_key"]
    recipient = serialization.load_pem_public_key(pem.encode())
    assert isinstance(recipient, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = recipient.encrypt(aes_key, oaep) + aes_key_wrap_with_padding(aes_key, key)
    return base64.b64encode(sealed).decode()


def certificate(public: Any, issuer: ec.EllipticCurvePrivateKey, authority: bool) -> str:
    """A certificate of ``public``, in PEM."""
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "name")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return built.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
