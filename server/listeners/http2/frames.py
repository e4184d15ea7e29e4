"""What a client may spend on frames of HTTP/2 that ask for nothing: an allowance, which requests earn back.

A frame of nine bytes costs the server as much work as some hundred bytes of a body, and a stream that is opened and
reset at once costs ten times that. So frames are read as far as their heads before anything is made of them. What a
client needs is free (requests, and bodies in pieces of some size); all else is taken from its allowance, which grows
back with time and with each request that is answered. A client that has used it up is told so (ENHANCE_YOUR_CALM), and
its connection is closed. Numbers of frames and flags are those of RFC 9113, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from h2.errors import ErrorCodes

from server.listeners.head_limits import MAX_HEAD_BYTES

ALLOWANCE = 1_000
"""How many frames that ask for nothing a client may send at once."""

REGAINED_PER_SECOND = 50
REGAINED_PER_ANSWER = 10
REGAINED_PER_DATA_FRAME = 2
"""For each frame of an answer's body: a client may make room for it on the stream and on the connection."""

RESET_COST = 10
"""A reset stands for a stream that was begun in vain."""

SETTINGS_COST = 5
"""Settings change every stream."""

UNPACKED_BYTES = 1024
"""How much longer than a block the headers may be that come out of it, for each unit: a table makes much of a byte."""

MAX_FRAME_BYTES = 16 * 1024
"""The longest payload of a frame. It is the protocol's default, and no client is told of another."""

_FREE_DATA_BYTES = 16
"""A body may come in pieces of this size, on average."""

_MAX_CREDIT = 100
"""For how many short pieces of bodies long ones may have paid."""

_FREE_DISCARDED_BYTES = 1024
"""A body that was answered before it had come is thrown away, and may come to its end in pieces of this size."""

_PREFACE_BYTES: Final = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
_HEAD_BYTES: Final = 9
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _CONTINUATION = 0, 1, 3, 4, 9


class FrameMeter:
    """Reads the heads of a connection's frames; ``streams`` are those whose requests are under way.

    ``clock`` counts seconds.
    """

    __slots__ = ("_allowance", "_block_bytes", "_clock", "_credit", "_partial", "_skipped", "_streams", "_then")

    def __init__(self, streams: Container[int], clock: Callable[[], float]) -> None:
        self._streams = streams
        self._clock = clock
        self._then = clock()
        self._allowance: float = ALLOWANCE
        self._credit = 0.0
        self._skipped = _PREFACE_BYTES
        """How many bytes to come belong to the last frame."""

        self._partial = b""
        """The beginning of a frame's head."""

        self._block_bytes = 0
        """How long the block of headers is so far to which a CONTINUATION frame belongs."""

    def earn(self, units: float) -> None:
        """Give ``units`` of the allowance back."""
        self._allowance = min(ALLOWANCE, self._allowance + units)

    def spend(self, units: float) -> bool:
        """Take ``units`` from the allowance; False if there are not as many."""
        self._allowance -= units
        return self._allowance >= 0

    def fault(self, data: bytes) -> ErrorCodes | None:
        """What is wrong with the frames in ``data``, the next bytes of the connection: then none of it may be used."""
        now = self._clock()
        self.earn((now - self._then) * REGAINED_PER_SECOND)
        self._then = now
        if self._partial:
            data, self._partial = self._partial + data, b""
        place = self._skipped
        while place + _HEAD_BYTES <= len(data):
            length = int.from_bytes(data[place : place + 3])
            if length > MAX_FRAME_BYTES:
                return ErrorCodes.FRAME_SIZE_ERROR  # It would be waited for as a whole first.
            self._allowance -= self._cost(data, place, length)
            if self._allowance < 0 or self._block_bytes > MAX_HEAD_BYTES:
                return ErrorCodes.ENHANCE_YOUR_CALM
            place += _HEAD_BYTES + length
        self._skipped = max(0, place - len(data))
        self._partial = data[place:]
        return None

    def _cost(self, data: bytes, place: int, length: int) -> float:
        """What a frame takes from the allowance. Long pieces of a body pay for short ones, and for nothing else."""
        kind = data[place + 3]
        if kind == _HEADERS:
            self._block_bytes = length
            return 0
        if kind == _DATA:
            if int.from_bytes(data[place + 5 : place + 9]) not in self._streams:
                return max(1 - length / _FREE_DISCARDED_BYTES, 0)
            self._credit = min(self._credit + length / _FREE_DATA_BYTES - 1, _MAX_CREDIT)
            if self._credit >= 0:
                return 0
            cost, self._credit = -self._credit, 0.0
            return cost
        if kind == _CONTINUATION:
            self._block_bytes += length
        return _COSTS.get(kind, 1)


_COSTS = {_RST_STREAM: RESET_COST, _SETTINGS: SETTINGS_COST}
