"""Vault's own verbs on an HTTP parser that knows only the registered ones.

``LIST``, ``SCAN`` and ``HELP`` are no methods that llhttp, and so httptools, lets through. They are told apart from the
first bytes of a request and go through the parser as a method that nobody uses, and get their name back behind it.

A client that pipelines and sends such a verb in one packet behind another request gets 400; no client of Vault does so.
"""

from __future__ import annotations

STAND_IN = b"SEARCH"
"""What the parser reads instead. Whoever really sends it is told 405, as for any unknown verb."""

_VERBS = {b"LIST ": "LIST", b"SCAN ": "SCAN", b"HELP ": "HELP"}
_LENGTH = 5


class Verbs:
    """Of one connection."""

    __slots__ = ("_held", "_verb", "between")

    def __init__(self) -> None:
        self._held = b""
        self._verb: str | None = None
        self.between = True
        """Whether the next byte is the first of a request."""

    def incoming(self, data: bytes) -> bytes:
        """What to feed to the parser for ``data``; nothing, while a verb is cut in two."""
        if not self.between:
            return data
        if self._held:
            data, self._held = self._held + data, b""
        self._verb = _VERBS.get(data[:_LENGTH])
        if self._verb is not None:
            return STAND_IN + data[_LENGTH - 1 :]
        if len(data) < _LENGTH and any(verb.startswith(data) for verb in _VERBS):
            self._held = data
            return b""
        return data

    def method(self, parsed: str) -> str:
        """The method of the request whose head the parser has read as ``parsed``."""
        verb, self._verb = self._verb, None
        return parsed if verb is None else verb
