"""PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280) in DER, for keys that the provider can't encode.

Algorithm identifiers have no parameters, as for all post-quantum algorithms, and non-canonical encodings are refused.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier


@asn1.sequence
class _AlgorithmIdentifier:
    algorithm: ObjectIdentifier


@asn1.sequence
class _PrivateKeyInfo:
    """PKCS#8 without attributes; some libraries append the public key, which makes it version 1."""

    version: int
    algorithm: _AlgorithmIdentifier
    private_key: bytes
    public_key: Annotated[asn1.BitString | None, asn1.Implicit(1)]


@asn1.sequence
class _SubjectPublicKeyInfo:
    algorithm: _AlgorithmIdentifier
    public_key: asn1.BitString


@asn1.sequence
class BothForms:
    """A private key of ML-KEM (RFC 9935) or ML-DSA (RFC 9881) as its seed and its expanded form."""

    seed: bytes
    expanded: bytes


Sequence = TypeVar("Sequence")


def decode_strictly(kind: type[Sequence], der: bytes) -> Sequence:
    """``der`` as ``kind``, if it is encoded canonically. Raises ``ValueError``."""
    decoded = asn1.decode_der(kind, der)
    if asn1.encode_der(decoded) != der:
        raise ValueError("not DER")
    return decoded


@asn1.sequence
class _RsaIdentifier:
    """The AlgorithmIdentifier of RSA keys, with NULL parameters (RFC 3279)."""

    algorithm: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _RsaKeyInfo:
    version: int
    algorithm: _RsaIdentifier
    private_key: bytes


@asn1.sequence
class _ThreePrimes:
    """An RSAPrivateKey of version 1 (RFC 8017, A.1.2)."""

    version: int
    modulus: int
    public_exponent: int
    private_exponent: int
    first_prime: int
    second_prime: int
    first_exponent: int
    second_exponent: int
    coefficient: int
    others: list[asn1.TLV]


@asn1.sequence
class _RsaPublicKeyInfo:
    algorithm: _RsaIdentifier
    public_key: asn1.BitString


@asn1.sequence
class _RsaPublicKey:
    modulus: int
    public_exponent: int


def rsa_public_exponent(der: bytes) -> int | None:
    """The exponent of an RSA key in SubjectPublicKeyInfo, unchecked; None for any other key."""
    try:
        info = asn1.decode_der(_RsaPublicKeyInfo, der)
        return asn1.decode_der(_RsaPublicKey, info.public_key.as_bytes()).public_exponent
    except ValueError:
        return None


def rsa_prime_count(der: bytes) -> int:
    """The number of primes of the RSA key in PKCS#8, if it is more than two; else 0."""
    try:
        info = asn1.decode_der(_RsaKeyInfo, der)
        return 2 + len(asn1.decode_der(_ThreePrimes, info.private_key).others)
    except ValueError:
        return 0


def _identifier(object_identifier: str) -> _AlgorithmIdentifier:
    return _AlgorithmIdentifier(algorithm=ObjectIdentifier(object_identifier))


def private_key_info(object_identifier: str, content: bytes) -> bytes:
    """PKCS#8 of a private key whose bytes are ``content``."""
    identifier = _identifier(object_identifier)
    return asn1.encode_der(_PrivateKeyInfo(version=0, algorithm=identifier, private_key=content, public_key=None))


def open_private_key_info(object_identifier: str, der: bytes) -> tuple[bytes, bytes | None]:
    """The bytes of a private key, and those of its public key if present. Raises ``ValueError``."""
    info = decode_strictly(_PrivateKeyInfo, der)
    public = info.public_key
    if info.version != (0 if public is None else 1) or info.algorithm.algorithm.dotted_string != object_identifier:
        raise ValueError("not a key of this algorithm")
    return info.private_key, None if public is None else public.as_bytes()


def public_key_info(object_identifier: str, public: bytes) -> bytes:
    """SubjectPublicKeyInfo of a public key whose bytes are ``public``."""
    identifier = _identifier(object_identifier)
    return asn1.encode_der(_SubjectPublicKeyInfo(algorithm=identifier, public_key=asn1.BitString(public, 0)))


def open_public_key_info(object_identifier: str, der: bytes) -> bytes:
    """The bytes of a public key. Raises ``ValueError``."""
    info = decode_strictly(_SubjectPublicKeyInfo, der)
    if info.algorithm.algorithm.dotted_string != object_identifier:
        raise ValueError("not a key of this algorithm")
    return info.public_key.as_bytes()
