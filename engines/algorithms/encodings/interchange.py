"""Formats of keys in transfer: imports, exports, wrapped keys, and the JSON of OpenBao's backups.

Each row of the registry has an ``Interchange``. The one here is for keys that are plain random bytes; those of key
pairs are beside their algorithms.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import Enum
from typing import Any, Protocol

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from engines.algorithms.base import Material
from engines.algorithms.encodings.key_info import rsa_prime_count, rsa_public_exponent
from engines.algorithms.encodings.key_validation import InvalidKey, check_rsa_exponent, check_unrestricted
from engines.algorithms.encodings.pem import first_block
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import Failed, Fault, InvalidRequest


class KeyFormat(Enum):
    """The encodings of exports."""

    DEFAULT = ""
    RAW = "raw"
    DER = "der"
    PEM = "pem"


class BadBackup(ValueError):
    """A backup's entry doesn't hold a key of the stated type."""


class Interchange(Protocol):
    """The formats of one algorithm's keys."""

    @property
    def public_importable(self) -> bool:
        """Whether public keys can be imported."""

    def import_private(self, data: bytes) -> Material:
        """A key from its unwrapped import: raw bytes, or PKCS#8 in DER. Raises ``Failed``."""

    def import_public(self, text: str) -> Material:
        """A public key alone, from PEM. Raises ``Failed``."""

    def wrappable(self, material: Material) -> bytes:
        """The inverse of ``import_private``."""

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """The key as text; "" if only the public part is known. Raises ``Failed`` for an unsupported encoding."""

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """The public key as text. Raises ``Failed`` for an unsupported encoding, or without public keys."""

    def to_backup(self, material: Material) -> dict[str, Any]:
        """The fields of a backup's entry that hold the key."""

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """The key in a backup's entry. Raises ``BadBackup``."""


def parse_format(text: str) -> KeyFormat:
    """The encoding called ``text``. Raises ``InvalidRequest``."""
    try:
        return KeyFormat(text)
    except ValueError:
        raise InvalidRequest(f"invalid format: {text}") from None


def export_raw(key: bytes, form: KeyFormat) -> str:
    """A symmetric key as text. Raises ``Failed`` for the encodings of key pairs."""
    if form not in (KeyFormat.DEFAULT, KeyFormat.RAW):
        raise Failed("unknown format for HMAC key; supported values are `` or `raw`")
    return encode_base64(key)


class RawKeys:
    """Keys that are random bytes, of the lengths in ``sizes``."""

    public_importable = False

    def __init__(self, name: str, sizes: Container[int]) -> None:
        self._name = name
        self._sizes = sizes

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``."""
        if len(data) not in self._sizes:
            raise Failed(f"invalid key size {len(data)} bytes for key type {self._name}")
        return Material(data)

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``."""
        raise Failed("provided type does not support public_key import")

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``."""
        return material.private

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        return export_raw(material.private, form)

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        raise Failed(f"unknown key type {self._name} for export type public-key")

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        return {"key": encode_base64(material.private)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        key = backup_bytes(entry, "key")
        if len(key) not in self._sizes:
            raise BadBackup(f"a key of {len(key)} bytes")
        return Material(key)


def backup_bytes(entry: Mapping[str, Any], name: str) -> bytes:
    """The base64 field ``name`` of a backup's entry. Raises ``BadBackup``."""
    value = entry.get(name)
    if not isinstance(value, str):
        raise BadBackup(f"no {name}")
    try:
        return decode_base64(value)
    except Fault:
        raise BadBackup(f"{name} is not base64") from None


def backup_integer(entry: Mapping[str, Any], name: str) -> int:
    """The integer field ``name`` of a backup's entry. Raises ``BadBackup``."""
    value = entry.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadBackup(f"no {name}")
    return value


_GO_TYPES: tuple[tuple[type[Any], str], ...] = (
    (rsa.RSAPrivateKey, "*rsa.PrivateKey"),
    (ec.EllipticCurvePrivateKey, "*ecdsa.PrivateKey"),
    (ed25519.Ed25519PrivateKey, "ed25519.PrivateKey"),
    (x25519.X25519PrivateKey, "*ecdh.PrivateKey"),
    (rsa.RSAPublicKey, "*rsa.PublicKey"),
    (ec.EllipticCurvePublicKey, "*ecdsa.PublicKey"),
    (ed25519.Ed25519PublicKey, "ed25519.PublicKey"),
    (x25519.X25519PublicKey, "*ecdh.PublicKey"),
    (x448.X448PrivateKey, "unknown"),
    (ed448.Ed448PrivateKey, "unknown"),
    (mldsa.MLDSA44PrivateKey, "mldsa-44"),
    (mldsa.MLDSA65PrivateKey, "mldsa-65"),
    (mldsa.MLDSA87PrivateKey, "mldsa-87"),
    (mldsa.MLDSA44PublicKey, "mldsa-44"),
    (mldsa.MLDSA65PublicKey, "mldsa-65"),
    (mldsa.MLDSA87PublicKey, "mldsa-87"),
)


def _go_type(key: object) -> str:
    return next((name for kind, name in _GO_TYPES if isinstance(key, kind)), "unknown")


def wrong_type(name: str, key: object) -> Failed:
    """The fault for a ``key`` that isn't of the type called ``name``."""
    return Failed(f"invalid key type: expected {name}, got {_go_type(key)}")


def load_pkcs8(der: bytes) -> PrivateKeyTypes:
    """The private key in PKCS#8; the numbers of an RSA key are still to be checked. Raises ``Failed``.

    The library's own check takes time in the fourth power of an RSA key's length, and holds the interpreter's lock.
    Raises ``InvalidRequest`` for RSA keys of unsupported kinds.
    """
    try:
        check_unrestricted(der)
        return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except InvalidKey as error:
        raise refused(error) from None
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        if rsa_prime_count(der) > 2:
            raise InvalidRequest("RSA keys of more than two primes are not supported") from None
        raise Failed("error parsing asymmetric key: asn1: structure error") from None


def load_public_pem(text: str) -> PublicKeyTypes:
    """The public key in PEM, its first block; the numbers of an RSA key are still to be checked.

    Raises ``Failed``, or ``InvalidRequest`` for an RSA key of an unsupported kind.
    """
    if "-----BEGIN" not in text:
        raise Failed("error parsing public key: not in PEM format")
    try:
        der = first_block(text) or b""
        check_unrestricted(der)
        exponent = rsa_public_exponent(der)
        if exponent is not None:
            check_rsa_exponent(exponent)  # Before the library, which refuses some without a reason.
        return serialization.load_der_public_key(der)
    except InvalidKey as error:
        raise refused(error) from None
    except (ValueError, NotBase64, UnsupportedAlgorithm, InternalError):
        raise Failed("error parsing public key: asn1: structure error") from None


def refused(error: InvalidKey) -> InvalidRequest:
    """The fault for a key that OpenBao accepts, though it is invalid or insecure."""
    return InvalidRequest(f"the key is refused: {error}")


def pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """A private key as PKCS#8 in DER (RFC 5208)."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def subject_public_key_info(
    key: rsa.RSAPublicKey
    | ec.EllipticCurvePublicKey
    | ed25519.Ed25519PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey,
) -> bytes:
    """A public key as SubjectPublicKeyInfo in DER (RFC 5280)."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
