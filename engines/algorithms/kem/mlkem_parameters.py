"""Parameter sets of ML-KEM (FIPS 203), and the two forms of a private key.

The *seed* (d and z, 64 bytes) is the key; key generation computes the *expanded* form, which can't be reversed. An
imported key, or one from a library that doesn't return its seed, may exist in the expanded form alone. The public key
is computed from the former and contained in the latter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

SEED_BYTES = 64
SHARED_SECRET_BYTES = 32
_HASH_BYTES = 32
_HALF_SEED_BYTES = SEED_BYTES // 2
_MATRIX_SEED_BYTES = 32
_POLYNOMIAL_BYTES = 384


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """One of the three; sizes in bytes (FIPS 203, table 3)."""

    name: str
    """The name in the standard, OpenSSL, liboqs and JOSE."""

    public_bytes: int
    expanded_bytes: int
    ciphertext_bytes: int
    category: int
    classical_bits: int
    object_identifier: str

    @property
    def _public_start(self) -> int:
        return self.expanded_bytes - self.public_bytes - 2 * _HASH_BYTES

    def public_in(self, expanded: bytes) -> bytes:
        """The public key in an expanded private key. Raises ``ValueError`` if it isn't intact (FIPS 203, 7.3)."""
        if len(expanded) != self.expanded_bytes:
            raise ValueError(f"an expanded {self.name} key has {self.expanded_bytes} bytes")
        end = self._public_start + self.public_bytes
        public = expanded[self._public_start : end]
        if hashlib.sha3_256(public).digest() != expanded[end : end + _HASH_BYTES]:
            raise ValueError(f"the {self.name} key does not match the hash in it")
        return public

    def check_seed(self, seed: bytes, expanded: bytes) -> None:
        """Check ``expanded`` against ``seed``, as far as possible without a provider that expands seeds.

        These are the seed of the public matrix, a hash of the first half of the seed, and the second half itself (FIPS
        203, algorithms 13 and 16). Raises ``ValueError``.
        """
        public = self.public_in(expanded)
        rank = (self.public_bytes - _MATRIX_SEED_BYTES) // _POLYNOMIAL_BYTES
        hashed = hashlib.sha3_512(seed[:_HALF_SEED_BYTES] + bytes([rank])).digest()
        own = (hashed[:_MATRIX_SEED_BYTES], seed[_HALF_SEED_BYTES:])
        if own != (public[-_MATRIX_SEED_BYTES:], expanded[-_HALF_SEED_BYTES:]):
            raise ValueError(f"the seed is not that of the expanded {self.name} key")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key in its known forms, at least one."""

    seed: bytes = field(default=b"", repr=False)
    expanded: bytes = field(default=b"", repr=False)

    def stored(self) -> bytes:
        """The stored form: the known forms concatenated; lengths tell them apart."""
        return self.seed + self.expanded


def stored_key(parameters: ParameterSet, stored: bytes) -> PrivateKey:
    """The inverse of ``PrivateKey.stored``. Raises ``ValueError``."""
    seed_length = len(stored) - parameters.expanded_bytes
    if len(stored) == SEED_BYTES:
        return PrivateKey(seed=stored)
    if seed_length == 0:
        return PrivateKey(expanded=stored)
    if seed_length == SEED_BYTES:
        return PrivateKey(seed=stored[:SEED_BYTES], expanded=stored[SEED_BYTES:])
    raise ValueError(f"no private {parameters.name} key has {len(stored)} bytes")


ML_KEM_512 = ParameterSet("ML-KEM-512", 800, 1632, 768, 1, 128, "2.16.840.1.101.3.4.4.1")
ML_KEM_768 = ParameterSet("ML-KEM-768", 1184, 2400, 1088, 3, 192, "2.16.840.1.101.3.4.4.2")
ML_KEM_1024 = ParameterSet("ML-KEM-1024", 1568, 3168, 1568, 5, 256, "2.16.840.1.101.3.4.4.3")

PARAMETER_SETS = (ML_KEM_512, ML_KEM_768, ML_KEM_1024)
