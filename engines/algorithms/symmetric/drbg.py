"""HMAC_DRBG (SP 800-90A, 10.1.2) with SHA-512: a deterministic generator over a seed.

``cryptography`` doesn't offer OpenSSL's, so it is built here on OpenSSL's HMAC. A generator is made for one purpose and
dropped: it is never kept, shared or forked, so it needs no reseeding.
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

SEED_BYTES = 48
"""Entropy for a strength of 256 bits, and half as much again for a nonce (SP 800-90A, 8.6.7)."""

MAX_BYTES_AT_ONCE = 2**16
"""The most bytes of one call (SP 800-90A, table 2)."""

HMAC_DRBG = "hmacdrbg"
AUTOMATIC = "auto"
"""The name of the best generator; there is only one."""

DRBGS = (AUTOMATIC, HMAC_DRBG)
"""The generators' names in requests, as in Vault."""

_DIGEST_BYTES = 64


class HmacDrbg:
    """One generator. ``seed`` is entropy, a nonce and a personalisation, concatenated."""

    __slots__ = ("_keyed", "_value")

    def __init__(self, seed: bytes) -> None:
        if len(seed) < SEED_BYTES:
            raise AssertionError("too short a seed")
        self._keyed = HMAC(bytes(_DIGEST_BYTES), hashes.SHA512())
        self._value = b"\x01" * _DIGEST_BYTES
        self._update(seed)

    @classmethod
    def seeded(cls) -> HmacDrbg:
        """A new generator, seeded by the operating system."""
        return cls(os.urandom(SEED_BYTES))

    def generate(self, count: int) -> bytes:
        """The next ``count`` bytes; the state afterwards doesn't reveal earlier output."""
        if not 0 <= count <= MAX_BYTES_AT_ONCE:
            raise AssertionError("too many bytes at once")
        blocks = []
        for _ in range(0, count, _DIGEST_BYTES):
            self._value = self._code(self._value)
            blocks.append(self._value)
        self._update(b"")
        return b"".join(blocks)[:count]

    def _update(self, data: bytes) -> None:
        for mark in (b"\x00", b"\x01") if data else (b"\x00",):
            self._keyed = HMAC(self._code(self._value + mark + data), hashes.SHA512())
            self._value = self._code(self._value)

    def _code(self, data: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(data)
        return keyed.finalize()
