"""AES-256 in XTS mode (IEEE 1619, SP 800-38E): encryption of data units that keeps their length and detects no change.

It is meant for storage without room for a tag. A changed ciphertext decrypts to something else, undetected; data
shorter than a block can't be encrypted. For all else, use an AEAD.

Tweaks are random and precede the ciphertext, as nonces do.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import BadBackup, RawKeys
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength, Usage
from engines.faults import Failed, InvalidRequest

_NAME = "aes256-xts"
_KEY_BYTES = 64
_TWEAK_BYTES = 16
_MIN_BYTES = 16
_MAX_BYTES = 2**20 * 16
"""The most blocks of one data unit (SP 800-38E)."""

_MAX_ENCRYPTIONS = 2**48
"""The number of random 128-bit tweaks among which one repeats with probability 2^-32."""


class AesXts:
    """One key of AES-XTS, which detects no change."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = algorithms.AES(key)

    def seal(self, nonce: bytes, plaintext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.seal``, without a tag; associated data isn't supported."""
        if not _MIN_BYTES <= len(plaintext) <= _MAX_BYTES:
            raise InvalidRequest(f"a message for {_NAME} has {_MIN_BYTES} to {_MAX_BYTES} bytes")
        encryptor = Cipher(self._cipher, modes.XTS(nonce)).encryptor()
        return encryptor.update(plaintext) + encryptor.finalize()

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """As ``Aead.open``, but a changed ciphertext decrypts to another plaintext."""
        if not _MIN_BYTES <= len(ciphertext) <= _MAX_BYTES:
            raise InvalidRequest("invalid ciphertext length")
        decryptor = Cipher(self._cipher, modes.XTS(nonce)).decryptor()
        return decryptor.update(ciphertext) + decryptor.finalize()


class XtsKeys(RawKeys):
    """Two keys of AES-256, which must differ (FIPS 140-3 implementation guidance C.I)."""

    def __init__(self) -> None:
        super().__init__(_NAME, (_KEY_BYTES,))

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``."""
        material = super().import_private(data)
        if _halves_are_equal(data):
            raise Failed(f"the two halves of a key of type {_NAME} must differ")
        return material

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        material = super().from_backup(entry)
        if _halves_are_equal(material.private):
            raise BadBackup("a key of two equal halves")
        return material


def _halves_are_equal(key: bytes) -> bool:
    return secrets.compare_digest(key[: _KEY_BYTES // 2], key[_KEY_BYTES // 2 :])


def _generate(_: int) -> Material:
    # Equal halves have a probability of 2^-256.
    return Material(secrets.token_bytes(_KEY_BYTES))


AES256_XTS = Algorithm(
    name=_NAME,
    number=1005,
    standard="FIPS 197, IEEE 1619, SP 800-38E",
    family="AES",
    primitive=Primitive.BLOCK_CIPHER,
    size_bits=256,
    parameter_set="256",
    sizes=Sizes(key_bytes=_KEY_BYTES, nonce_bytes=_TWEAK_BYTES),
    usage=Usage(derivable=True, convergent=True, authenticates=False, max_encryptions=_MAX_ENCRYPTIONS),
    strength=Strength(classical_bits=256, quantum_category=5, fips=Fips.APPROVED, cnsa_2=True),
    object_identifier="1.3.111.2.1619.0.1.2",
    generate=_generate,
    interchange=XtsKeys(),
    capabilities=Capabilities(aead=AesXts, derivation_input=lambda material: material.private),
)

ALGORITHMS = (AES256_XTS,)
