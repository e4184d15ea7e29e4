"""HMAC (FIPS 198-1, RFC 2104): the key type ``hmac``, and the MAC key of versions of all other types."""

from __future__ import annotations

import hmac
import secrets

from cryptography.hazmat.primitives.hmac import HMAC

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import RawKeys
from engines.algorithms.hashes import Hash
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength, Usage
from engines.faults import Failed

KEY_BYTES = 32
"""The length of the MAC key beside a key of another type."""

_MIN_KEY_BYTES = 32
_MAX_KEY_BYTES = 512
_SIZES = range(_MIN_KEY_BYTES, _MAX_KEY_BYTES + 1)


def is_mac_key(key: bytes) -> bool:
    """Whether ``key`` has an allowed length of HMAC keys, whether made, imported or restored."""
    return len(key) in _SIZES


class Mac:
    """HMAC under one key with any hash; the keyed state is computed once per hash and copied for each message."""

    __slots__ = ("_key", "_keyed")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keyed: dict[str, HMAC] = {}

    def digest(self, data: bytes, hash_: Hash) -> bytes:
        """The authentication code of ``data``, as long as the hash."""
        keyed = self._keyed.get(hash_.name)
        if keyed is None:
            keyed = self._keyed[hash_.name] = HMAC(self._key, hash_.algorithm)
        context = keyed.copy()
        context.update(data)
        return context.finalize()

    def matches(self, data: bytes, code: bytes, hash_: Hash) -> bool:
        """Whether ``code`` is that of ``data``; in constant time."""
        return hmac.compare_digest(self.digest(data, hash_), code)


def generate(key_bytes: int) -> Material:
    """A random key of ``key_bytes``. Raises ``Failed`` if that is too short or too long."""
    if key_bytes not in _SIZES:
        raise Failed(
            f"invalid key size for HMAC key, must be between {_MIN_KEY_BYTES} and {_MAX_KEY_BYTES} bytes",
        )
    return Material(secrets.token_bytes(key_bytes))


HMAC_KEY = Algorithm(
    name="hmac",
    number=10,
    vault_number=11,
    standard="FIPS 198-1",
    family="HMAC",
    primitive=Primitive.MAC,
    parameter_set="HMAC",
    sizes=Sizes(key_bytes=0, key_bytes_chosen=_SIZES),
    strength=Strength(classical_bits=256, quantum_category=5, fips=Fips.APPROVED),
    capabilities=Capabilities(),
    object_identifier="1.2.840.113549.2.9",
    usage=Usage(mac_key_is_key=True),
    generate=generate,
    interchange=RawKeys("hmac", _SIZES),
)

ALGORITHMS = (HMAC_KEY,)
