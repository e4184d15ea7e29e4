"""HPKE in base mode (RFC 9180), one message per encapsulation, over any KEM of the registry.

``cryptography``'s HPKE lacks ML-KEM-512, keys in expanded form and associated data, so the key schedule is implemented
here, over its HKDF; tests compare it with ``cryptography`` in both directions and with published vectors. The numbers
of KEMs with ML-KEM are those of draft-ietf-hpke-pq.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from engines.algorithms.base import Aead, BadCiphertext, Encapsulation
from engines.algorithms.row import Algorithm
from engines.algorithms.symmetric.aead import AES128_GCM, AES256_GCM, CHACHA20_POLY1305
from engines.faults import InvalidRequest

_VERSION = b"HPKE-v1"
_BASE_MODE = b"\x00"
_CONTEXTS_KEPT = 64
_MAX_INFO_KEPT_BYTES = 1024

HKDF_SHA256 = 1
HKDF_SHA384 = 2
_HASHES: dict[int, hashes.HashAlgorithm] = {HKDF_SHA256: hashes.SHA256(), HKDF_SHA384: hashes.SHA384()}

AES128 = 1
AES256 = 2
CHACHA20 = 3
_AEADS: dict[int, Algorithm] = {AES128: AES128_GCM, AES256: AES256_GCM, CHACHA20: CHACHA20_POLY1305}


@dataclass(frozen=True, slots=True)
class Suite:
    """A KEM, a KDF and an AEAD, by their numbers in HPKE's registry."""

    kem: int
    kdf: int
    aead: int
    ciphertext_bytes: int
    """The length of the KEM's ciphertext at the start of a message."""

    @property
    def name(self) -> str:
        """The three numbers in hexadecimal, as registries list them."""
        return f"{self.kem:#06x}/{self.kdf:#06x}/{self.aead:#06x}"

    def seal(self, recipient: Encapsulation, plaintext: bytes, info: bytes, associated_data: bytes) -> bytes:
        """The KEM's ciphertext followed by the AEAD's. ``recipient`` has at least the public part of a key."""
        shared_secret, ciphertext = recipient.encapsulate()
        cipher, nonce = self.cipher(shared_secret, info)
        return ciphertext + cipher.seal(nonce, plaintext, associated_data)

    def open(self, recipient: Encapsulation, message: bytes, info: bytes, associated_data: bytes) -> bytes:
        """The plaintext of ``message``. Raises ``BadCiphertext`` for all reasons alike."""
        size = self.ciphertext_bytes
        cipher, nonce = self.cipher(recipient.decapsulate(message[:size]), info)
        try:
            return cipher.open(nonce, message[size:], associated_data)
        except InvalidRequest:
            raise BadCiphertext from None

    def cipher(self, shared_secret: bytes, info: bytes) -> tuple[Aead, bytes]:
        """The cipher and the nonce of the first message (RFC 9180, 5.1 and 5.2)."""
        row = _AEADS[self.aead]
        assert row.capabilities.aead is not None, "the rows of AEADs have an aead"
        secret = self._extract(shared_secret, b"secret", b"")
        context = (_kept_schedule_context if len(info) <= _MAX_INFO_KEPT_BYTES else _schedule_context)(self, info)
        key = self._expand(secret, b"key", context, row.sizes.key_bytes)
        return row.capabilities.aead(key), self._expand(secret, b"base_nonce", context, row.sizes.nonce_bytes)

    @property
    def _identifier(self) -> bytes:
        return b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (self.kem, self.kdf, self.aead))

    def _extract(self, salt: bytes, label: bytes, key: bytes) -> bytes:
        return HKDF.extract(_HASHES[self.kdf], salt or None, _VERSION + self._identifier + label + key)

    def _expand(self, secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
        labeled = size.to_bytes(2, "big") + _VERSION + self._identifier + label + info
        return HKDFExpand(_HASHES[self.kdf], size, labeled).derive(secret)


def _schedule_context(suite: Suite, info: bytes) -> bytes:
    """The key schedule's context; it is the same for all messages with this ``info``."""
    return _BASE_MODE + suite._extract(b"", b"psk_id_hash", b"") + suite._extract(b"", b"info_hash", info)


_kept_schedule_context = lru_cache(maxsize=_CONTEXTS_KEPT)(_schedule_context)
