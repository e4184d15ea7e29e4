"""Hiding secrets in audit entries: each string becomes its HMAC-SHA256 under a salt of the device.

Who holds a secret can so find it in the log (``sys/audit-hash``), and who holds the log can't find the secret. The two
inner states of HMAC (RFC 2104) are prepared once and copied. No hidden string is remembered, and no hash of one: a
table of them would be a list of recent secrets in memory. What recurs and is no payload (a token, its accessor) is
kept by whoever uses it, hashed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from engines.faults import InvalidRequest

SALT_BYTES = 32

MAX_DEPTH = 100
"""How deeply objects and lists may be nested in what is audited."""

_BLOCK_BYTES = 64
_PREFIX = "hmac-sha256:"


def new_salt() -> bytes:
    """A salt for a new device."""
    return secrets.token_bytes(SALT_BYTES)


class Hasher:
    """HMAC-SHA256 under one salt, for strings and for the strings within data."""

    __slots__ = ("_empty", "_inner", "_outer")

    def __init__(self, salt: bytes) -> None:
        if len(salt) > _BLOCK_BYTES:
            raise ValueError("a salt is no longer than a block of SHA-256")
        key = salt.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        self._empty = _PREFIX + hmac.digest(salt, b"", "sha256").hex()

    def text(self, text: str) -> str:
        """``hmac-sha256:`` and 64 hexadecimal digits; surrogates that aren't pairs are hashed as they stand."""
        if not text:
            return self._empty
        return self.octets(text.encode("utf-8", "surrogatepass"))

    def octets(self, message: bytes) -> str:
        """As ``text``, for bytes."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return _PREFIX + outer.hexdigest()

    def data(self, data: Mapping[str, Any], clear: frozenset[str]) -> dict[str, Any]:
        """A copy of ``data`` with every string hidden, but for those whose nearest key is in ``clear``.

        Numbers, booleans and null stay. Raises ``InvalidRequest`` if it is nested too deeply to be audited.
        """
        return {key: self._hide(value, clear, key, 1) for key, value in data.items()}

    def _hide(self, value: Any, clear: frozenset[str], key: str, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return value if key in clear else self.text(value)
        if kind is int or kind is bool or kind is float or value is None:
            return value
        if depth >= MAX_DEPTH:
            raise InvalidRequest("the parameters are nested too deeply")
        if isinstance(value, Mapping):
            return {name: self._hide(item, clear, name, depth + 1) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._hide(item, clear, key, depth + 1) for item in value]
        if isinstance(value, bytes | bytearray | memoryview):
            return self.octets(bytes(value))
        return self.text(str(value))
