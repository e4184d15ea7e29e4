"""Formats of RSA keys in transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import (
    BadBackup,
    backup_integer,
    load_pkcs8,
    load_public_pem,
    refused,
    subject_public_key_info,
    wrong_type,
)
from engines.algorithms.encodings.key_pairs import KeyPairs, material_of
from engines.algorithms.encodings.key_validation import InvalidKey, check_rsa_private, check_rsa_public
from engines.faults import Failed


def load_private(der: bytes) -> rsa.RSAPrivateKey:
    """A stored private key. Raises ``TypeError`` if it is something else.

    Validating the numbers takes a thousand times longer than loading them, and was done when the key was made or
    imported; stored keys are authentic.
    """
    private = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("not a private RSA key")
    return private


def load_public(der: bytes) -> rsa.RSAPublicKey:
    """A stored public key. Raises ``TypeError`` if it is something else."""
    public = serialization.load_der_public_key(der)
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("not a public RSA key")
    return public


class RsaKeys(KeyPairs):
    """Keys with a modulus of one length."""

    word, own_label = "rsa", "RSA PRIVATE KEY"

    def __init__(self, name: str, bits: int) -> None:
        self._name = name
        self._bits = bits

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``."""
        private = load_pkcs8(data)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise wrong_type(self._name, private)
        self._check_size(private.key_size)
        numbers = private.private_numbers()
        self._check_public(numbers.public_numbers)
        try:
            check_rsa_private(numbers)
        except InvalidKey as error:
            raise Failed(f"error parsing asymmetric key: {error}") from None
        return material_of(private)

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``."""
        public = load_public_pem(text)
        if not isinstance(public, rsa.RSAPublicKey):
            raise wrong_type(self._name, public)
        self._check_size(public.key_size)
        self._check_public(public.public_numbers())
        return Material(b"", subject_public_key_info(public))

    def _check_size(self, bits: int) -> None:
        if bits != self._bits:
            raise Failed(f"invalid key size: expected {self._bits // 8} bytes, got {(bits + 7) // 8} bytes")

    def _check_public(self, numbers: rsa.RSAPublicNumbers) -> None:
        try:
            check_rsa_public(numbers)
        except InvalidKey as error:
            raise refused(error) from None

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``; the numbers have Go's names."""
        if not material.private:
            public = load_public(material.public).public_numbers()
            return {"rsa_public_key": {"N": public.n, "E": public.e}}
        numbers = load_private(material.private).private_numbers()
        return {
            "rsa_key": {
                "N": numbers.public_numbers.n,
                "E": numbers.public_numbers.e,
                "D": numbers.d,
                "Primes": [numbers.p, numbers.q],
                "Precomputed": {"Dp": numbers.dmp1, "Dq": numbers.dmq1, "Qinv": numbers.iqmp, "CRTValues": []},
            }
        }

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        private, public = entry.get("rsa_key"), entry.get("rsa_public_key")
        try:
            both = [self._public_numbers(fields) for fields in (private, public) if isinstance(fields, dict)]
            if not both:
                raise BadBackup(f"no RSA key of {self._bits} bits")
            if both[0] != both[-1]:
                raise BadBackup("not a key pair")
            check_rsa_public(both[0])
            if not isinstance(private, dict):
                return Material(b"", subject_public_key_info(both[0].public_key()))
            numbers = _private_numbers(private, both[0])
            check_rsa_private(numbers)
            return material_of(numbers.private_key(unsafe_skip_rsa_key_validation=True))
        except BadBackup:
            raise
        except InvalidKey as error:
            raise BadBackup(str(error)) from None
        except ValueError:
            raise BadBackup("not an RSA key") from None

    def _public_numbers(self, fields: Mapping[str, Any]) -> rsa.RSAPublicNumbers:
        """The public numbers in ``fields``, with lengths checked, so that further checks take the usual time."""
        numbers = rsa.RSAPublicNumbers(backup_integer(fields, "E"), backup_integer(fields, "N"))
        if numbers.n.bit_length() != self._bits:
            raise BadBackup(f"no RSA key of {self._bits} bits")
        return numbers


def _private_numbers(fields: Mapping[str, Any], public: rsa.RSAPublicNumbers) -> rsa.RSAPrivateNumbers:
    """The numbers of a key pair; dependent ones are computed, not read."""
    primes = fields.get("Primes")
    if not isinstance(primes, list) or len(primes) != 2:
        raise BadBackup("not a key of two primes")
    p, q = primes
    d = backup_integer(fields, "D")
    if not isinstance(p, int) or not isinstance(q, int) or min(p, q) < 3 or p * q != public.n or d > public.n:
        raise BadBackup("not a key of two primes")
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), _inverse(q, p), public)


def _inverse(number: int, modulus: int) -> int:
    """The modular inverse. Raises ``BadBackup`` if there is none, as never for two different primes."""
    try:
        return pow(number, -1, modulus)
    except ValueError:
        raise BadBackup("not a key of two primes") from None
