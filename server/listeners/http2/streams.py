"""Send order of HTTP/2 streams, and the queue of a request's body.

hypercorn uses the priority tree of RFC 7540, whose removals take time in the number of streams; RFC 9113 has deprecated
it. Here, all streams with data to send take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from priority.priority import DeadlockError, MissingStreamError

from server.listeners.asgi import Message


class Rotation:
    """Round-robin over streams, with the methods of ``PriorityTree`` that hypercorn calls."""

    __slots__ = ("_known", "_ready")

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._ready: dict[int, None] = {}

    def insert_stream(self, stream_id: int) -> None:
        """Add a stream without data to send."""
        self._known.add(stream_id)

    def remove_stream(self, stream_id: int) -> None:
        """Remove a stream, if present."""
        self._known.discard(stream_id)
        self._ready.pop(stream_id, None)

    def block(self, stream_id: int) -> None:
        """Mark a stream as having nothing to send, or no window."""
        self._ready.pop(stream_id, None)

    def unblock(self, stream_id: int) -> None:
        """Mark a stream as perhaps having data to send. Raises ``MissingStreamError``."""
        if stream_id not in self._known:
            raise MissingStreamError(stream_id)
        self._ready.setdefault(stream_id)

    def __next__(self) -> int:
        """The next stream. Raises ``DeadlockError`` if there is none."""
        for stream_id in self._ready:
            del self._ready[stream_id]
            self._ready[stream_id] = None
            return stream_id
        raise DeadlockError("no stream has anything to send")

    def __len__(self) -> int:
        return len(self._known)


class Inbox:
    """Received parts of a request's body that wait for the application.

    ``taken`` is called with the bytes that the application has read, and restores the window; so no more waits than the
    connection's window allows, and ``put`` never waits. Waiting parts are joined.
    """

    __slots__ = ("_body", "_ended", "_gone", "_ready", "_taken")

    def __init__(self, taken: Callable[[int], Awaitable[None]]) -> None:
        self._taken = taken
        self._body = bytearray()
        self._ended = False
        self._gone = False
        self._ready = asyncio.Event()

    async def put(self, message: Any) -> None:
        """Add an ASGI message."""
        if message["type"] == "http.disconnect":
            self._gone = True
        else:
            self._body += message["body"]
            self._ended = not message["more_body"]
        self._ready.set()

    def fill(self, body: bytes) -> None:
        """Add the whole body."""
        self._body += body
        self._ended = True
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
        """The number of unread bytes, which are dropped."""
        size = len(self._body)
        self._body.clear()
        return size
