"""Methods unknown to the HTTP parser, Vault's own among them.

llhttp, and so httptools, accepts only registered methods; Vault has ``LIST``, ``SCAN`` and ``HELP``, and answers 405 to
any other token. So each unknown method is replaced by an unused registered one for the parser, and restored afterwards.

It is found at the beginning of a request, so the parser must be given at most one request at a time (``framing``).
After a chunked body that isn't possible: the next request with such a method needs a packet of its own.
"""

from __future__ import annotations

import re

STAND_IN = b"SEARCH"
"""The replacement. A client that really sends it gets 405, as for any unknown method."""

_KNOWN = frozenset({b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT"})
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST = 32


class Methods:
    """The methods of one connection."""

    __slots__ = ("_held", "_verb", "between")

    def __init__(self) -> None:
        self._held = b""
        self._verb: str | None = None
        self.between = True
        """Whether the next byte is the first of a request."""

    @property
    def at_start(self) -> bool:
        """Whether the next byte is the first of a request, and nothing is held back."""
        return self.between and not self._held

    def incoming(self, data: bytes) -> bytes:
        """The bytes to feed to the parser for ``data``; none while a method is incomplete."""
        if not self.between:
            return data
        if self._held:
            data, self._held = self._held + data, b""
        end = data.find(b" ", 0, _LONGEST + 1)
        method = data[:end] if end >= 0 else data
        if method in _KNOWN:
            return data
        if _METHOD.fullmatch(method) is None or len(method) > _LONGEST:
            return data  # The parser reports the error.
        if end < 0:
            self._held = data
            return b""
        self._verb = method.decode("ascii")
        return STAND_IN + data[end:]

    def method(self, parsed: str) -> str:
        """The method of the request whose head was parsed with the method ``parsed``."""
        verb, self._verb = self._verb, None
        return parsed if verb is None else verb
