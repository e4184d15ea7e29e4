"""Key derivation: one stored key gives a key for each context.

New keys use HKDF-SHA256 (RFC 5869) without salt and with the context as info. Imported keys use Vault's older way:
HMAC-SHA256 in counter mode (SP 800-108r1, 4.1), whose output is always 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf import hkdf

COUNTER_MODE_BYTES = 32
"""The output of one HMAC-SHA256 block: too short for longer keys."""


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """A derivation; ``number`` is its number in OpenBao's backups."""

    name: str
    number: int
    standard: str
    mode: str | None
    """The field in which a key with this derivation shows it, if it has one of its own."""

    derive: Callable[[bytes, bytes, int], bytes]
    """``derive(key, context, size)``: ``size`` bytes for ``context``."""


def hkdf_sha256(key: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """``size`` bytes of HKDF-SHA256 (RFC 5869)."""
    return hkdf.HKDF(hashes.SHA256(), size, salt=salt, info=info).derive(key)


def _hkdf_sha256(key: bytes, context: bytes, size: int) -> bytes:
    return hkdf.HKDF(hashes.SHA256(), size, salt=None, info=context).derive(key)


def _hmac_sha256_counter(key: bytes, context: bytes, size: int) -> bytes:
    if size > COUNTER_MODE_BYTES:
        raise ValueError(f"counter mode gives {COUNTER_MODE_BYTES} bytes, not {size}")
    mac = HMAC(key, hashes.SHA256())
    # One block: a counter that starts at zero, the context, and the length of the output in bits.
    mac.update((0).to_bytes(4, "big") + context + (8 * COUNTER_MODE_BYTES).to_bytes(4, "big"))
    return mac.finalize()[:size]


HKDF_SHA256 = KeyDerivation("hkdf_sha256", 1, "RFC 5869", None, _hkdf_sha256)
HMAC_SHA256_COUNTER = KeyDerivation(
    "hmac-sha256-counter", 0, "SP 800-108r1", "hmac-sha256-counter", _hmac_sha256_counter
)

DERIVATIONS = {derivation.number: derivation for derivation in (HKDF_SHA256, HMAC_SHA256_COUNTER)}
"""Derivations by their number."""
