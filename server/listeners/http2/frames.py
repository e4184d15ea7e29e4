"""Allowance of a client for HTTP/2 frames that request nothing; answered requests restore it.

A frame of nine bytes costs the server as much work as some hundred bytes of a body, and a stream that is opened and
reset at once costs ten times that. So frame headers are read before frames are processed. Useful frames are free
(requests, and bodies in pieces of some size); all others use up the client's allowance, which grows with time and with
each answered request. A client that has used it up gets ENHANCE_YOUR_CALM, and its connection is closed. Frame types
and flags are those of RFC 9113, section 6.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from h2.errors import ErrorCodes

from server.listeners.alpn import PREFACE
from server.listeners.head_limits import MAX_HEAD_BYTES

ALLOWANCE = 1_000
"""The most frames that request nothing which a client may send at once."""

REGAINED_PER_SECOND = 50
REGAINED_PER_ANSWER = 10
REGAINED_PER_DATA_FRAME = 2
"""Refund for each frame of an answer's body: a client may send window updates for the stream and the connection."""

RESET_COST = 10
"""The cost of a reset, which stands for a stream begun in vain."""

SETTINGS_COST = 5
"""The cost of settings, which change every stream."""

UNPACKED_BYTES = 1024
"""The growth of decoded headers over their block, in bytes per unit: tables expand a byte into many."""

MAX_FRAME_BYTES = 16 * 1024
"""The longest payload of a frame in bytes: the protocol's default, which is never raised."""

_FREE_DATA_BYTES = 16
"""The average size in bytes of a body's pieces, at least."""

_MAX_CREDIT = 100
"""The most short pieces of bodies that long ones may have paid for."""

_FREE_DISCARDED_BYTES = 1024
"""The same for a body that was answered before its end, and is discarded."""

_HEAD_BYTES: Final = 9
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _CONTINUATION = 0, 1, 3, 4, 9


class FrameMeter:
    """Reads the frame headers of a connection; ``streams`` are those with requests under way.

    ``clock`` counts seconds.
    """

    __slots__ = ("_allowance", "_block_bytes", "_clock", "_credit", "_partial", "_skipped", "_streams", "_then")

    def __init__(self, streams: Container[int], clock: Callable[[], float]) -> None:
        self._streams = streams
        self._clock = clock
        self._then = clock()
        self._allowance: float = ALLOWANCE
        self._credit = 0.0
        self._skipped = len(PREFACE)
        """How many bytes to come belong to the last frame."""

        self._partial = b""
        """The beginning of a frame's head."""

        self._block_bytes = 0
        """How long the block of headers is so far to which a CONTINUATION frame belongs."""

    def earn(self, units: float) -> None:
        """Restore ``units`` of the allowance."""
        self._allowance = min(ALLOWANCE, self._allowance + units)

    def spend(self, units: float) -> bool:
        """Take ``units`` from the allowance; False if it isn't enough."""
        self._allowance -= units
        return self._allowance >= 0

    def fault(self, data: bytes) -> ErrorCodes | None:
        """The error of the frames in ``data``, the connection's next bytes, none of which may be used then."""
        now = self._clock()
        self.earn((now - self._then) * REGAINED_PER_SECOND)
        self._then = now
        if self._partial:
            data, self._partial = self._partial + data, b""
        place = self._skipped
        while place + _HEAD_BYTES <= len(data):
            length = int.from_bytes(data[place : place + 3])
            if length > MAX_FRAME_BYTES:
                return ErrorCodes.FRAME_SIZE_ERROR  # Otherwise the whole frame would be awaited first.
            self._allowance -= self._cost(data, place, length)
            if self._allowance < 0 or self._block_bytes > MAX_HEAD_BYTES:
                return ErrorCodes.ENHANCE_YOUR_CALM
            place += _HEAD_BYTES + length
        self._skipped = max(0, place - len(data))
        self._partial = data[place:]
        return None

    def _cost(self, data: bytes, place: int, length: int) -> float:
        """The cost of a frame. Long pieces of a body pay for short ones, and for nothing else."""
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
