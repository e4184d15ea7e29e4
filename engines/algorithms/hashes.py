"""Hash functions: SHA-2, SHA-3 and SHAKE (FIPS 180-4, FIPS 202), and SHA-1 for old signatures and MACs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

from engines.algorithms.fips_status import Fips


@dataclass(frozen=True, slots=True)
class Hash:
    """One hash function; ``name`` is Vault's spelling."""

    name: str
    standard: str
    algorithm: hashes.HashAlgorithm = field(repr=False, compare=False)
    object_identifier: str
    collision_bits: int
    """Collision strength in bits; 0 for a broken one."""

    digest_bytes: int
    fips: Fips = Fips.APPROVED

    def digest(self, data: bytes) -> bytes:
        """The hash of ``data``."""
        return hashlib.new(self.algorithm.name.replace("sha3-", "sha3_"), data, usedforsecurity=False).digest()


class ExtendableHash(Hash):
    """A hash function with variable output, at the length fixed by its identifier (RFC 8702)."""

    def digest(self, data: bytes) -> bytes:
        """The hash of ``data``."""
        name = self.algorithm.name.replace("shake", "shake_")
        return hashlib.new(name, data, usedforsecurity=False).digest(self.digest_bytes)  # type: ignore[call-arg]


_SHA2 = "FIPS 180-4"
_SHA3 = "FIPS 202"
_NIST = "2.16.840.1.101.3.4.2."

_SHA1 = hashes.SHA1()  # nosec B303 # noqa: S303 - Vault offers it; nothing defaults to it
SHA1 = Hash("sha1", _SHA2, _SHA1, "1.3.14.3.2.26", 0, 20, Fips.LEGACY)
SHA2_224 = Hash("sha2-224", _SHA2, hashes.SHA224(), _NIST + "4", 112, 28)
SHA2_256 = Hash("sha2-256", _SHA2, hashes.SHA256(), _NIST + "1", 128, 32)
SHA2_384 = Hash("sha2-384", _SHA2, hashes.SHA384(), _NIST + "2", 192, 48)
SHA2_512 = Hash("sha2-512", _SHA2, hashes.SHA512(), _NIST + "3", 256, 64)
SHA3_224 = Hash("sha3-224", _SHA3, hashes.SHA3_224(), _NIST + "7", 112, 28)
SHA3_256 = Hash("sha3-256", _SHA3, hashes.SHA3_256(), _NIST + "8", 128, 32)
SHA3_384 = Hash("sha3-384", _SHA3, hashes.SHA3_384(), _NIST + "9", 192, 48)
SHA3_512 = Hash("sha3-512", _SHA3, hashes.SHA3_512(), _NIST + "10", 256, 64)
SHAKE_128 = ExtendableHash("shake-128", _SHA3, hashes.SHAKE128(32), _NIST + "11", 128, 32)
SHAKE_256 = ExtendableHash("shake-256", _SHA3, hashes.SHAKE256(64), _NIST + "12", 256, 64)

HASHES = {
    hash_.name: hash_
    for hash_ in (SHA1, SHA2_224, SHA2_256, SHA2_384, SHA2_512, SHA3_224, SHA3_256, SHA3_384, SHA3_512)
}
"""Every hash function by its name, for MACs and signatures."""

PLAIN_HASHES = {name: hash_ for name, hash_ in HASHES.items() if hash_.collision_bits}
"""The hash functions offered for hashing alone."""

NO_HASH = "none"
"""The name for signing without a hash."""

DEFAULT_HASH = SHA2_256
