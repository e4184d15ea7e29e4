"""Methods that the HTTP parser doesn't know, Vault's own among them.

llhttp, and so httptools, lets only registered methods through; Vault has ``LIST``, ``SCAN`` and ``HELP``, and answers
405 to whatever else looks like a method. So each unknown one goes through the parser as a method that nobody uses, and
gets its name back behind it.

It is found where a request begins, and so the parser is to be given no more than one request at a time (``framing``).
Behind a body in chunks that isn't possible: the next request with such a method needs a packet of its own.
"""

from __future__ import annotations

import re

STAND_IN = b"SEARCH"
"""What the parser reads instead. Whoever really sends it is told 405, as for any unknown method."""

_KNOWN = frozenset({b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT"})
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST = 32


class Methods:
    """Of one connection."""

    __slots__ = ("_held", "_verb", "between")

    def __init__(self) -> None:
        self._held = b""
        self._verb: str | None = None
        self.between = True
        """Whether the next byte is the first of a request."""

    @property
    def at_start(self) -> bool:
        """Whether the next byte is the first of a request, and nothing of it is held back."""
        return self.between and not self._held

    def incoming(self, data: bytes) -> bytes:
        """What to feed to the parser for ``data``; nothing, while a method is cut in two."""
        if not self.between:
            return data
        if self._held:
            data, self._held = self._held + data, b""
        end = data.find(b" ", 0, _LONGEST + 1)
        method = data[:end] if end >= 0 else data
        if method in _KNOWN:
            return data
        if _METHOD.fullmatch(method) is None or len(method) > _LONGEST:
            return data  # The parser says what it thinks of it.
        if end < 0:
            self._held = data
            return b""
        self._verb = method.decode("ascii")
        return STAND_IN + data[end:]

    def method(self, parsed: str) -> str:
        """The method of the request whose head the parser has read as ``parsed``."""
        verb, self._verb = self._verb, None
        return parsed if verb is None else verb
