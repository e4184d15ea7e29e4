"""Shamir's secret sharing over GF(2^8), in Vault's format, and the seal that is opened by shares.

A share is the polynomial's value for each byte of the secret, followed by the one byte where it was evaluated. The
field is that of AES (x^8 + x^4 + x^3 + x + 1). A secret is handled as one integer, all of its bytes at once: they are
are only added (XOR), masked, shifted, and multiplied by evaluation points, which are no secrets. So no branch and no
table index depends on a secret byte.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from storage.base import Damaged
from storage.envelope import KEY_BYTES, close_envelope, derive_cipher, open_envelope
from storage.seals.base import InvalidKey, SealConfig
from storage.secret import Secret

_FORMAT = b"\x01"


def split(secret: bytes, shares: int, threshold: int) -> list[bytes]:
    """``shares`` shares of ``secret``, any ``threshold`` of which give it back; a single share is the secret itself.

    Raises ``InvalidSealConfig``.
    """
    SealConfig("shamir", shares, threshold).check()
    if not secret:
        raise ValueError("there is nothing to split")
    if shares == 1:
        return [secret]
    field = _Field(len(secret))
    # The constant term is the secret; the others are uniform, the highest included.
    terms = [int.from_bytes(secret, "big"), *(secrets.randbits(8 * len(secret)) for _ in range(threshold - 1))]
    points = secrets.SystemRandom().sample(range(1, 256), shares)
    return [field.evaluate(terms, point).to_bytes(len(secret), "big") + bytes([point]) for point in points]


def combine(shares: Sequence[bytes]) -> bytes:
    """The secret of which ``shares`` (two or more) are shares. Too few shares, or another secret's, give a wrong one.

    Raises ``InvalidKey`` for what can't be shares of one secret.
    """
    if len(shares) < 2:
        raise _not_combined("less than two parts cannot be used to reconstruct the secret")
    size = len(shares[0]) - 1
    if size < 1:
        raise _not_combined("parts must be at least two bytes")
    if any(len(share) != size + 1 for share in shares):
        raise _not_combined("all parts must be the same length")
    points = [share[size] for share in shares]
    if len(set(points)) != len(points):
        raise _not_combined("duplicate part detected")
    field = _Field(size)
    secret = 0
    for share, point in zip(shares, points, strict=True):
        secret ^= field.scale(int.from_bytes(share[:size], "big"), _weight_at_zero(point, points))
    return secret.to_bytes(size, "big")


def _not_combined(reason: str) -> InvalidKey:
    return InvalidKey(f"failed to compute combined key: {reason}")


def _weight_at_zero(point: int, points: Sequence[int]) -> int:
    """The Lagrange coefficient of ``point`` at zero: the product of ``other / (other - point)`` over all others."""
    above, below = 1, 1
    for other in points:
        if other != point:
            above, below = _BYTE.scale(above, other), _BYTE.scale(below, other ^ point)
    return _BYTE.scale(above, _inverse(below))


def _inverse(element: int) -> int:
    """The inverse of ``element``, which isn't zero: its 254th power."""
    power = 1
    for bit in f"{254:b}":
        power = _BYTE.scale(power, power)
        if bit == "1":
            power = _BYTE.scale(power, element)
    return power


class _Field:
    """Arithmetic on ``size`` elements of GF(2^8) at once, packed into an integer."""

    __slots__ = ("_low_bits", "_low_sevens")

    def __init__(self, size: int) -> None:
        self._low_bits = int.from_bytes(b"\x01" * size, "big")
        self._low_sevens = 0x7F * self._low_bits

    def scale(self, elements: int, factor: int) -> int:
        """Each of ``elements`` times ``factor``, which is one element."""
        product = 0
        for bit in range(8):
            product ^= elements * (factor >> bit & 1)
            overflow = elements >> 7 & self._low_bits
            elements = (elements & self._low_sevens) << 1 ^ overflow * 0x1B
        return product

    def evaluate(self, terms: Sequence[int], point: int) -> int:
        """The value at ``point`` of the polynomials with ``terms``, lowest first."""
        value = 0
        for term in reversed(terms):
            value = self.scale(value, point) ^ term
        return value


_BYTE = _Field(1)


class ShamirSeal:
    """The seal whose key is not kept anywhere, but split into shares."""

    type = "shamir"
    automatic = False

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        if settings:
            raise ValueError(f"seal 'shamir' has no setting {min(settings)!r}")
        self._key: Secret | None = None

    def use(self, key: bytes) -> None:
        """Wrap and unwrap with ``key``, until ``close``. Raises ``InvalidKey`` unless it has 32 bytes."""
        if len(key) != KEY_BYTES:
            raise InvalidKey(f"the unseal key does not have {KEY_BYTES} bytes")
        self._key = Secret(key)

    @property
    def key(self) -> bytes | None:
        """The key in use, if there is one."""
        return None if self._key is None else self._key.reveal()

    async def wrap(self, path: str, secret: bytes) -> bytes:
        """As ``Seal.wrap``. Raises ``InvalidKey`` if there is no key at present."""
        return close_envelope(derive_cipher(self._revealed(), None, "unseal key"), _FORMAT, path, secret)

    async def unwrap(self, path: str, wrapped: bytes) -> bytes:
        """As ``Seal.unwrap``. Raises ``InvalidKey`` if there is no key at present."""
        cipher = derive_cipher(self._revealed(), None, "unseal key")
        try:
            return open_envelope(cipher, len(_FORMAT), path, wrapped)
        except Damaged as error:
            # A wrong key can't be told from a damaged entry here; the wrong key is the common case.
            raise InvalidKey("failed to decrypt keys from storage: cipher: message authentication failed") from error

    def outdated(self, wrapped: bytes) -> bool:
        """As ``Seal.outdated``: never."""
        return False

    def close(self) -> None:
        """As ``Seal.close``."""
        if self._key is not None:
            self._key.close()
            self._key = None

    def _revealed(self) -> bytes:
        if self._key is None:
            raise InvalidKey("no unseal key has been provided")
        return self._key.reveal()
