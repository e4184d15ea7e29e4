"""Framing of HTTP/1.1: where in the bytes of a connection the head of a request ends, and where its body does.

The parser takes whatever it is given to its last byte, all requests in it. So it is given no more than one at a time:
what comes behind a request waits as bytes, which take little memory, until that request is answered.

A head ends with the first empty line, as llhttp reads it too: it takes no line feed without a carriage return. A body
of a given length ends there. Where a body in chunks ends, the parser alone knows.
"""

from __future__ import annotations

_END = b"\r\n\r\n"


class Framing:
    """Framing of one connection: ``head_complete`` and ``body`` are told what the parser has found."""

    __slots__ = ("_left", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        """The last bytes of an unfinished head, which may hold the beginning of an empty line."""

        self._left: int | None = None
        """How many bytes of a body are to come, -1 where only the parser can tell; None where a head is to come."""

    def end(self, data: bytes, start: int) -> int:
        """Where the piece of ``data`` ends that begins at ``start`` and holds no more than a head, or a body."""
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
        """A head is whole; its body has ``content_length`` bytes, or comes in chunks."""
        self._left = -1 if content_length is None else content_length

    def body(self, size: int) -> None:
        """``size`` bytes of a body of known length have come."""
        if self._left is not None and self._left > 0:
            self._left -= size

    def message_complete(self) -> None:
        """The request is whole."""
        self._left = None
