"""The two ends of a request over HTTP/2: whose turn it is to send, and what of a body waits for the application.

hypercorn sends by the tree of priorities of RFC 7540, in which to remove a stream takes time with the number of others;
RFC 9113 has abandoned it. Here, all streams that have something to send take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from priority.priority import DeadlockError, MissingStreamError

from server.listeners.asgi import Message


class Rotation:
    """Streams that take turns; it has those methods of ``PriorityTree`` that hypercorn calls."""

    __slots__ = ("_known", "_ready")

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._ready: dict[int, None] = {}

    def insert_stream(self, stream_id: int) -> None:
        """Add a stream that has nothing to send yet."""
        self._known.add(stream_id)

    def remove_stream(self, stream_id: int) -> None:
        """Drop a stream, if it is there."""
        self._known.discard(stream_id)
        self._ready.pop(stream_id, None)

    def block(self, stream_id: int) -> None:
        """A stream has nothing to send, or no room to."""
        self._ready.pop(stream_id, None)

    def unblock(self, stream_id: int) -> None:
        """A stream may have something to send. Raises ``MissingStreamError``."""
        if stream_id not in self._known:
            raise MissingStreamError(stream_id)
        self._ready.setdefault(stream_id)

    def __next__(self) -> int:
        """The stream whose turn it is. Raises ``DeadlockError`` if there is none."""
        for stream_id in self._ready:
            del self._ready[stream_id]
            self._ready[stream_id] = None
            return stream_id
        raise DeadlockError("no stream has anything to send")

    def __len__(self) -> int:
        return len(self._known)


class Inbox:
    """What has come of a request's body and waits for the application.

    ``taken`` is told how many bytes it has taken, and lets the client send as many again; so no more waits than the
    window of the connection lets through, and nobody ever waits to put something in. Pieces that wait are one.
    """

    __slots__ = ("_body", "_ended", "_gone", "_ready", "_taken")

    def __init__(self, taken: Callable[[int], Awaitable[None]]) -> None:
        self._taken = taken
        self._body = bytearray()
        self._ended = False
        self._gone = False
        self._ready = asyncio.Event()

    async def put(self, message: Any) -> None:
        """Add a message of ASGI."""
        if message["type"] == "http.disconnect":
            self._gone = True
        else:
            self._body += message["body"]
            self._ended = not message["more_body"]
        self._ready.set()

    async def get(self) -> Message:
        """The next message, as ASGI's ``receive``."""
        await self._ready.wait()
        if self._gone:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        self._ready.clear()
        await self._taken(len(body))
        return {"type": "http.request", "body": body, "more_body": not self._ended}

    def left(self) -> int:
        """How many bytes nobody has taken; they are gone then."""
        size = len(self._body)
        self._body.clear()
        return size
