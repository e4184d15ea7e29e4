"""Verifies hybrid signatures: written from docs/signatures.md alone, with nothing of ours."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

LATTICES: dict[str, tuple[Any, int, int]] = {
    "44": (mldsa.MLDSA44PublicKey, 1312, 2420),
    "65": (mldsa.MLDSA65PublicKey, 1952, 3309),
    "87": (mldsa.MLDSA87PublicKey, 2592, 4627),
}
GROUPS: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ecdsa-p256": (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-p384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-p521": (ec.SECP521R1(), hashes.SHA512()),
}
LABELS = {
    ("44", "ecdsa-p256"): "COMPSIG-MLDSA44-ECDSA-P256-SHA256",
    ("44", "ecdsa-p384"): "CRYPTOSERVE-COMPSIG-MLDSA44-ECDSA-P384-SHA512",
    ("44", "ecdsa-p521"): "CRYPTOSERVE-COMPSIG-MLDSA44-ECDSA-P521-SHA512",
    ("44", "ed25519"): "COMPSIG-MLDSA44-Ed25519-SHA512",
    ("65", "ecdsa-p256"): "COMPSIG-MLDSA65-ECDSA-P256-SHA512",
    ("65", "ecdsa-p384"): "COMPSIG-MLDSA65-ECDSA-P384-SHA512",
    ("65", "ecdsa-p521"): "CRYPTOSERVE-COMPSIG-MLDSA65-ECDSA-P521-SHA512",
    ("65", "ed25519"): "COMPSIG-MLDSA65-Ed25519-SHA512",
    ("87", "ecdsa-p256"): "CRYPTOSERVE-COMPSIG-MLDSA87-ECDSA-P256-SHA512",
    ("87", "ecdsa-p384"): "COMPSIG-MLDSA87-ECDSA-P384-SHA512",
    ("87", "ecdsa-p521"): "COMPSIG-MLDSA87-ECDSA-P521-SHA512",
    ("87", "ed25519"): "CRYPTOSERVE-COMPSIG-MLDSA87-Ed25519-SHA512",
}


def verify_by_hand(public: bytes, signature: bytes, message: bytes, context: bytes, names: tuple[str, str]) -> None:
    """As the five steps in docs/signatures.md say. Raises ``InvalidSignature``."""
    parameter_set, classical = names
    label = LABELS[names].encode()
    hashed = hashlib.new(label.rsplit(b"-", 1)[1].decode().lower(), message).digest()
    signed = b"CompositeAlgorithmSignatures2025" + label + bytes([len(context)]) + context + hashed
    kind, public_bytes, signature_bytes = LATTICES[parameter_set]
    kind.from_public_bytes(public[:public_bytes]).verify(signature[:signature_bytes], signed, label)
    if classical == "ed25519":
        ed25519.Ed25519PublicKey.from_public_bytes(public[public_bytes:]).verify(signature[signature_bytes:], signed)
        return
    curve, hash_ = GROUPS[classical]
    point = ec.EllipticCurvePublicKey.from_encoded_point(curve, public[public_bytes:])
    point.verify(signature[signature_bytes:], signed, ec.ECDSA(hash_))
