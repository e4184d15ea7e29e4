"""Public keys of JSON Web Tokens, and verification of signatures (RFC 7515, 7517, 7518, 8037).

Each key is tried only with the algorithms of its own type: so no header can make a public key serve as an HMAC secret,
and ``none`` is no algorithm.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import PublicKeyAlgorithmOID
from jwt.api_jwk import PyJWK
from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError

from engines.algorithms.encodings.key_validation import (
    InvalidKey,
    check_ed25519_public,
    check_rsa_numbers,
    check_unrestricted,
)
from engines.algorithms.encodings.pem import first_block

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

MAX_TOKEN_CHARACTERS = 64 * 1024
"""The longest token accepted, in characters."""

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
_MAX_KEYS = 100
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_CURVES_OF_JWK = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}

ALGORITHMS = _RSA | frozenset(_CURVES.values()) | {"EdDSA"}
"""The signature algorithms that tokens may have."""

_jws = PyJWS()


class InvalidKeys(ValueError):
    """The input holds no key that signs tokens."""


class BadSignature(ValueError):
    """The token is malformed, or not signed by any key; the text is for the caller."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, its key id in tokens (if any), and the algorithms that it may verify."""

    id: str
    public: PublicKey
    algorithms: frozenset[str]


def key_from_pem(text: str) -> Key:
    """The public key in PEM, or that of a certificate; as in OpenBao, no RSA-PSS keys. Raises ``InvalidKeys``."""
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise InvalidKeys("data does not contain any valid public keys: it is too long")
    try:
        der = first_block(text) or b""
        if "CERTIFICATE" in text:
            certificate = x509.load_der_x509_certificate(der)
            restricted = certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS
            public: Any = None if restricted else certificate.public_key()
        else:
            check_unrestricted(der)
            public = serialization.load_der_public_key(der)
    except Exception as error:
        raise InvalidKeys("data does not contain any valid public keys") from error
    return _key("", public, None)


def keys_from_set(document: object) -> list[Key]:
    """The keys of a JSON Web Key Set that verify signatures; others are skipped. Raises ``InvalidKeys``."""
    members = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(members, list) or len(members) > _MAX_KEYS:
        raise InvalidKeys("not a JSON Web Key Set")
    keys = []
    for member in members:
        try:
            keys.append(_key_from_jwk(member))
        except (InvalidKeys, PyJWTError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise InvalidKeys("no key in it verifies signatures")
    return keys


def _key_from_jwk(member: Mapping[str, Any]) -> Key:
    family = member["kty"]
    if family == "RSA":
        algorithm = "RS256"
    elif family == "EC":
        algorithm = _CURVES_OF_JWK[member["crv"]]
    elif family == "OKP":
        algorithm = "EdDSA"
    else:
        raise InvalidKeys("a key of no use here")
    operations = member.get("key_ops")
    if member.get("use", "sig") != "sig" or (operations is not None and "verify" not in operations):
        raise InvalidKeys("a key for something else")
    only = member.get("alg")
    public_members = {name: member[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in member}
    name = member.get("kid", "")
    return _key(name if isinstance(name, str) else "", PyJWK.from_dict(public_members, algorithm).key, only)


def _key(name: str, public: Any, only: str | None) -> Key:
    algorithms: frozenset[str] = frozenset()
    if isinstance(public, RSAPublicKey) and MIN_RSA_BITS <= public.key_size <= MAX_RSA_BITS:
        algorithms = _RSA
    elif isinstance(public, EllipticCurvePublicKey) and public.curve.name in _CURVES:
        algorithms = frozenset({_CURVES[public.curve.name]})
    elif isinstance(public, Ed25519PublicKey):
        algorithms = frozenset({"EdDSA"})
    if only is not None:
        algorithms &= {only}
    if not algorithms:
        raise InvalidKeys("data does not contain any valid public keys")
    _check_numbers(public)
    return Key(name, public, algorithms)


def _check_numbers(public: Any) -> None:
    """Refuse an RSA key for which signatures can be forged. Raises ``InvalidKeys``."""
    try:
        if isinstance(public, RSAPublicKey):
            check_rsa_numbers(public.public_numbers())
        elif isinstance(public, Ed25519PublicKey):
            check_ed25519_public(public.public_bytes_raw())
    except InvalidKey as error:
        raise InvalidKeys(f"data does not contain any valid public keys: {error}") from None


@dataclass(frozen=True, slots=True)
class Header:
    """A token's header, which isn't to be trusted."""

    algorithm: str
    key_id: str


def read_header(token: str) -> Header:
    """The header of a token in compact form. Raises ``BadSignature``."""
    if len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:
        raise BadSignature("error verifying token signature: compact JWS format must have three parts")
    parts = token.split(".")
    try:
        encoded = parts[0].encode("ascii")
        header = orjson.loads(base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError):
        raise BadSignature("error verifying token signature: the header is malformed") from None
    if not isinstance(header, dict):
        raise BadSignature("error verifying token signature: the header is malformed")
    algorithm, key_id = header.get("alg", ""), header.get("kid", "")
    if not isinstance(algorithm, str) or "crit" in header:
        raise _unknown()  # This server knows no extensions.
    return Header(algorithm, key_id if isinstance(key_id, str) else "")


def verified_claims(token: str, header: Header, keys: Iterable[Key]) -> dict[str, Any]:
    """The claims of a token that one of ``keys`` has signed. Raises ``BadSignature``."""
    for key in keys:
        if header.algorithm not in key.algorithms:
            continue
        try:
            verified = _jws.decode_complete(token, key.public, algorithms=[header.algorithm])
        except (PyJWTError, ValueError, RecursionError):
            continue
        try:
            claims = orjson.loads(verified["payload"])
        except ValueError:
            break
        if isinstance(claims, dict):
            return claims
        break
    raise _unknown()


def _unknown() -> BadSignature:
    return BadSignature("error verifying token signature: no known key successfully validated the token signature")
