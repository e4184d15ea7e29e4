"""Hidden strings in audit entries: each string becomes its HMAC-SHA256 under the device's salt.

So a holder of a secret can find it in the log (``sys/audit-hash``), but a reader of the log can't find the secret. The
two inner states of HMAC (RFC 2104) are prepared once and copied. Hidden strings and their hashes aren't cached: the
cache would be a list of recent secrets in memory. Recurring strings that are no payload (a token, its accessor) are
kept, hashed, by their users.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from engines.faults import InvalidRequest

SALT_BYTES = 32

MAX_DEPTH = 100
"""The deepest nesting of objects and lists in audited data."""

_BLOCK_BYTES = 64
_PREFIX = "hmac-sha256:"
_SHOWN = frozenset({int, bool, float, type(None)})
"""Values that reveal too little to be hidden."""


def new_salt() -> bytes:
    """A salt for a new device."""
    return secrets.token_bytes(SALT_BYTES)


class Clear:
    """In place of a ``Hasher`` for a device that hides nothing (``log_raw``)."""

    __slots__ = ()

    def text(self, text: str) -> str:
        """``text`` as it is."""
        return text

    def data(self, data: Mapping[str, Any], clear: frozenset[str]) -> Mapping[str, Any]:
        """``data`` as it is."""
        return data


class Hasher:
    """HMAC-SHA256 under one salt, for strings and for the strings within data."""

    __slots__ = ("_empty", "_new_inner", "_new_outer")

    def __init__(self, salt: bytes) -> None:
        if len(salt) > _BLOCK_BYTES:
            raise ValueError("a salt is no longer than a block of SHA-256")
        key = salt.ljust(_BLOCK_BYTES, b"\0")
        self._new_inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key)).copy
        self._new_outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key)).copy
        self._empty = self.octets(b"")

    def octets(self, message: bytes) -> str:
        """``hmac-sha256:`` and 64 hexadecimal digits."""
        inner = self._new_inner()
        inner.update(message)
        outer = self._new_outer()
        outer.update(inner.digest())
        return _PREFIX + outer.hexdigest()

    def text(self, text: str) -> str:
        """As ``octets``, for text; surrogates that aren't pairs are hashed as they stand."""
        return self.octets(text.encode("utf-8", "surrogatepass")) if text else self._empty

    def data(self, data: Mapping[str, Any], clear: frozenset[str], depth: int = 1) -> dict[str, Any]:
        """A copy of ``data`` with every string hidden, except those whose nearest key is in ``clear``.

        Numbers, booleans and null stay; ``depth`` is that of ``data`` in what is audited. Raises ``InvalidRequest`` if
        it is nested too deeply.
        """
        # The strings of a batch, hundreds of them, come here: one loop over locals, without a function call for each.
        new_inner, new_outer, empty = self._new_inner, self._new_outer, self._empty
        hidden = {}
        for key, value in data.items():
            kind = type(value)
            if kind is str:
                if key in clear:
                    hidden[key] = value
                elif not value:
                    hidden[key] = empty
                else:
                    inner = new_inner()
                    inner.update(value.encode("utf-8", "surrogatepass"))
                    outer = new_outer()
                    outer.update(inner.digest())
                    hidden[key] = _PREFIX + outer.hexdigest()
            elif kind in _SHOWN:
                hidden[key] = value
            else:
                hidden[key] = self._nested(value, clear, key, depth)
        return hidden

    def _nested(self, value: Any, clear: frozenset[str], key: str, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise InvalidRequest("the parameters are nested too deeply")
        if isinstance(value, dict):
            return self.data(value, clear, depth + 1)
        if isinstance(value, list | tuple):
            return self._elements(value, clear, key, depth)
        if isinstance(value, bytes | bytearray | memoryview):
            return self.octets(bytes(value))
        if isinstance(value, Mapping):
            return self.data(value, clear, depth + 1)
        return self.text(str(value))

    def _elements(self, items: Sequence[Any], clear: frozenset[str], key: str, depth: int) -> list[Any]:
        octets, empty, shown = self.octets, self._empty, key in clear
        hidden: list[Any] = []
        for item in items:
            kind = type(item)
            if kind is str:
                hidden.append(item if shown else octets(item.encode("utf-8", "surrogatepass")) if item else empty)
            elif kind in _SHOWN:
                hidden.append(item)
            elif kind is dict:
                hidden.append(self.data(item, clear, depth + 2))
            elif isinstance(item, float):  # A number whose text is kept.
                hidden.append(octets(str(item).encode()))
            else:
                hidden.append(self._nested(item, clear, key, depth + 1))
        return hidden
