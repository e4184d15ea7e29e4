"""Public keys as JSON Web Keys: RFC 7517, with the members of RFC 7518 (EC, RSA), 8037 (OKP), 8812 and 9964 (AKP).

An Algorithm Key Pair (AKP) is for one algorithm, and its public key is the stored bytes: those of FIPS 204 and 205, and
those of both halves of a hybrid, as in draft-ietf-jose-pq-composite-sigs.

The identifier of a key is its thumbprint (RFC 7638), which depends on the key alone: it is the same on every server
with that key, under any name, and no other key has it.
"""

from __future__ import annotations

import hashlib
import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from engines.algorithms.encodings.interchange import KeyFormat
from engines.algorithms.formats.jws import key_pair_algorithm
from engines.algorithms.row import Algorithm
from engines.encoding import decode_base64, encode_base64_url
from engines.faults import Failed

_CURVES = {
    "secp256r1": ("P-256", "ES256"),
    "secp384r1": ("P-384", "ES384"),
    "secp521r1": ("P-521", "ES512"),
    "secp256k1": ("secp256k1", "ES256K"),
}
_EDWARDS = "EdDSA"
_LATTICES = (
    (mldsa.MLDSA44PublicKey, "ML-DSA-44"),
    (mldsa.MLDSA65PublicKey, "ML-DSA-65"),
    (mldsa.MLDSA87PublicKey, "ML-DSA-87"),
)


def public_jwk(algorithm: Algorithm, public: bytes) -> dict[str, str] | None:
    """The public part of a stored key of ``algorithm`` as a JWK, with ``kid``; None for keys without a JWK form.

    ``alg`` is present if the key has only one; an RSA key can be used with several.
    """
    if algorithm.public_text is None:
        return None
    only = key_pair_algorithm(algorithm)
    if only is not None:
        return _jwk(_key_pair(only.name, public), only.name, True)
    try:
        der = decode_base64(algorithm.interchange.export_public(public, KeyFormat.DER))
        return jwk_from_der(der, algorithm.signs)
    except (Failed, ValueError, UnsupportedAlgorithm):
        return None  # It has no SubjectPublicKeyInfo, or the provider doesn't support it.


def jwk_from_der(der: bytes, signs: bool = True) -> dict[str, str] | None:
    """As ``public_jwk``, for a SubjectPublicKeyInfo (RFC 5280)."""
    members = _members(der)
    return None if members is None else _jwk(*members, signs)


def _jwk(required: dict[str, str], jws_algorithm: str, signs: bool) -> dict[str, str]:
    jwk = {**required, "kid": thumbprint(required)}
    if signs:
        jwk["use"] = "sig"
        if jws_algorithm:
            jwk["alg"] = jws_algorithm
    return jwk


def thumbprint(required: dict[str, str]) -> str:
    """The SHA-256 thumbprint of the JWK with the members ``required``, in base64url (RFC 7638)."""
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return encode_base64_url(hashlib.sha256(text.encode()).digest())


def _members(der: bytes) -> tuple[dict[str, str], str] | None:
    """The members that identify the key, and its JWS algorithm if it has only one."""
    key = serialization.load_der_public_key(der)
    if isinstance(key, EllipticCurvePublicKey):
        curve, jws_algorithm = _CURVES.get(key.curve.name, ("", ""))
        if not curve:
            return None
        size = (key.curve.key_size + 7) // 8
        point = key.public_numbers()
        return {"kty": "EC", "crv": curve, "x": _number(point.x, size), "y": _number(point.y, size)}, jws_algorithm
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64_url(key.public_bytes_raw())}, _EDWARDS
    if isinstance(key, Ed448PublicKey):
        return {"kty": "OKP", "crv": "Ed448", "x": encode_base64_url(key.public_bytes_raw())}, _EDWARDS
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _shortest(numbers.n), "e": _shortest(numbers.e)}, ""
    for kind, name in _LATTICES:
        if isinstance(key, kind):
            return _key_pair(name, key.public_bytes_raw()), name
    return None


def _key_pair(name: str, public: bytes) -> dict[str, str]:
    # The algorithm is part of such a key, so ``alg`` is a member like the others.
    return {"kty": "AKP", "alg": name, "pub": encode_base64_url(public)}


def _number(number: int, size: int) -> str:
    return encode_base64_url(number.to_bytes(size, "big"))


def _shortest(number: int) -> str:
    return _number(number, (number.bit_length() + 7) // 8)
