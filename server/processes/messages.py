"""Messages between a supervisor and its workers: a length and a msgpack record, over a socket pair.

The pair is unnamed and inherited, so no other process can use it. Root keys are sent over it, never through a file.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from server.seal.shared_state import StateRecord

MAX_MESSAGE_BYTES = 64 * 1024
"""The largest frame, in bytes; far more than the shares of a seal."""

_LENGTH = struct.Struct(">I")


class Ready(msgspec.Struct, frozen=True, tag=True):
    """A worker accepts requests."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A worker can't start, for a reason that the operator should read."""

    reason: str


class Acquire(msgspec.Struct, frozen=True, tag=True):
    """A worker wants to change the shared state; ``ticket`` is its own number for that."""

    ticket: int


class Release(msgspec.Struct, frozen=True, tag=True):
    """The change is finished; ``state`` is the new state, or None if unchanged."""

    ticket: int
    state: StateRecord | None


class Followed(msgspec.Struct, frozen=True, tag=True):
    """A worker has followed a ``Follow``."""

    round: int


class Pong(msgspec.Struct, frozen=True, tag=True):
    """A worker's answer to ``Ping``."""


class Reloaded(msgspec.Struct, frozen=True, tag=True):
    """A worker has finished a reload."""


FromWorker: TypeAlias = Ready | Refused | Acquire | Release | Followed | Pong | Reloaded


class Granted(msgspec.Struct, frozen=True, tag=True):
    """The ticket's turn has come; ``state`` is the current state."""

    ticket: int
    state: StateRecord


class Released(msgspec.Struct, frozen=True, tag=True):
    """All other workers have followed the state released with this ticket."""

    ticket: int


class Follow(msgspec.Struct, frozen=True, tag=True):
    """Another worker has changed the state to this."""

    round: int
    state: StateRecord


class Ping(msgspec.Struct, frozen=True, tag=True):
    """A liveness check, answered by ``Pong``."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Finish the requests under way and end."""


class Abort(msgspec.Struct, frozen=True, tag=True):
    """Abort the requests under way and end."""


class Reload(msgspec.Struct, frozen=True, tag=True):
    """Read the configuration again."""


ToWorker: TypeAlias = Granted | Released | Follow | Ping | Stop | Abort | Reload

FROM_WORKER: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
TO_WORKER: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)


class ChannelClosed(Exception):
    """The other end is closed, or has stopped reading."""


def encode(message: FromWorker | ToWorker) -> bytes:
    """The frame of ``message``."""
    record = msgspec.msgpack.encode(message)
    assert len(record) <= MAX_MESSAGE_BYTES, "messages are small"
    return _LENGTH.pack(len(record)) + record


class Frames:
    """Splits a channel's bytes into records. Consumed bytes are overwritten: they may have held a key."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The records that ``data`` completes. Raises ``ChannelClosed`` for a frame that is too long."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > MAX_MESSAGE_BYTES:
                raise ChannelClosed
            end = _LENGTH.size + size
            if len(self._buffer) < end:
                return
            record = bytes(self._buffer[_LENGTH.size : end])
            self._buffer[:end] = bytes(end)
            del self._buffer[:end]
            yield record


class SupervisorChannel:
    """The supervisor's end: it never waits for a worker."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket = end
        self._frames = Frames()

    def send(self, message: ToWorker) -> None:
        """Send ``message``. Raises ``ChannelClosed``, also if the worker has not read for long."""
        frame = encode(message)
        try:
            sent = self.socket.send(frame)
        except OSError as error:  # BlockingIOError among them
            raise ChannelClosed from error
        if sent < len(frame):
            raise ChannelClosed

    def receive(self) -> list[FromWorker]:
        """The messages received. Raises ``ChannelClosed`` at the end of the channel."""
        try:
            data = self.socket.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ChannelClosed from error
        if not data:
            raise ChannelClosed
        try:
            return [FROM_WORKER.decode(record) for record in self._frames.feed(data)]
        except msgspec.MsgspecError as error:
            raise ChannelClosed from error

    def close(self) -> None:
        """Close the channel."""
        self.socket.close()
