"""Keys that scenarios import, and their wrapping."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

INPUT = base64.b64encode(b"hello").decode()
CONTEXT = base64.b64encode(b"context").decode()
SIGNING = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048")


def wrapped(material: bytes, wrapping_key: str, hash_algorithm: hashes.HashAlgorithm | None = None) -> str:
    """``material`` as the import paths want it: an AES key under RSA-OAEP, then the material under that key."""
    public = serialization.load_pem_public_key(wrapping_key.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    ephemeral = os.urandom(32)
    algorithm = hash_algorithm or hashes.SHA256()
    sealed = public.encrypt(ephemeral, padding.OAEP(padding.MGF1(algorithm), algorithm, None))
    return base64.b64encode(sealed + aes_key_wrap_with_padding(ephemeral, material)).decode()


def pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


# One set of keys for the whole run: both servers import the same ones, so that what they compute can be compared.
P256 = ec.derive_private_key(0x1234567890ABCDEF << 128 | 7, ec.SECP256R1())
P384 = ec.derive_private_key(0x1234567890ABCDEF << 128 | 9, ec.SECP384R1())
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(65537, 2048)
MATERIALS: Mapping[str, bytes] = {
    "aes128-gcm96": bytes(range(16)),
    "aes256-gcm96": bytes(range(32)),
    "chacha20-poly1305": bytes(range(32)),
    "hmac": bytes(range(48)),
    "ecdsa-p256": pkcs8(P256),
    "ed25519": pkcs8(ED25519),
    "rsa-2048": pkcs8(RSA),
}


def wrap_materials(saved: Mapping[str, str]) -> Mapping[str, str]:
    """All the blobs of the import scenario, under the wrapping key that the server has given."""
    key = saved["wrapping_key"]
    blobs = {f"blob_{kind.replace('-', '_')}": wrapped(material, key) for kind, material in MATERIALS.items()}
    blobs["blob_p384"] = wrapped(pkcs8(P384), key)
    blobs["blob_sha512"] = wrapped(bytes(range(32)), key, hashes.SHA512())
    blobs["blob_other"] = wrapped(bytes(range(1, 33)), key)
    raw = base64.b64decode(blobs["blob_aes256_gcm96"])
    blobs["blob_short"] = base64.b64encode(raw[:512]).decode()
    blobs["blob_broken"] = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
    blobs["blob_bent"] = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    return blobs
