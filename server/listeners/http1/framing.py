"""Framing of HTTP/1.1: where the head and the body of a request end in the bytes of a connection.

The parser consumes all that it is given, with every request in it. So it is given at most one request at a time: bytes
behind a request, which take little memory, wait until that request is answered.

A head ends with the first empty line, as for llhttp, which requires a carriage return before each line feed. A body of
known length ends there. Only the parser knows where a chunked body ends.
"""

from __future__ import annotations

_END = b"\r\n\r\n"


class Framing:
    """The framing of one connection; the protocol reports the parser's events by ``head_complete`` and ``body``."""

    __slots__ = ("_left", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        """The last bytes of an unfinished head, which may hold the beginning of an empty line."""

        self._left: int | None = None
        """How many bytes of a body are to come, -1 where only the parser can tell; None where a head is to come."""

    def end(self, data: bytes, start: int) -> int:
        """The end of the piece of ``data`` that begins at ``start`` and has at most a head, or a body."""
        if self._left is not None:
            return len(data) if self._left < 0 else min(start + self._left, len(data))
        if self._tail:
            found = (self._tail + data[start : start + 3]).find(_END)
            if found >= 0:
                end = start + found + 4 - len(self._tail)
                self._tail = b""
                return end
        found = data.find(_END, start)
        if found >= 0:
            self._tail = b""
            return found + 4
        self._tail = (self._tail + data[max(start, len(data) - 3) :])[-3:]
        return len(data)

    @property
    def in_head(self) -> bool:
        """Whether the next byte belongs to a head."""
        return self._left is None

    def head_complete(self, content_length: int | None) -> None:
        """A head is complete; its body has ``content_length`` bytes, or is chunked (None)."""
        self._left = -1 if content_length is None else content_length

    def body(self, size: int) -> None:
        """``size`` bytes of a body of known length were parsed."""
        if self._left is not None and self._left > 0:
            self._left -= size

    def message_complete(self) -> None:
        """The request is complete."""
        self._left = None
