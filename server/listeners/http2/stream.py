"""One request over HTTP/2 and its answer, as ASGI's ``receive`` and ``send``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from server.listeners.asgi import Message

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_BODILESS = (204, 304)
"""Statuses of answers without a body (RFC 9110, section 6.4.1)."""


class Sending(Protocol):
    """The sending side of a connection (``http2/sender``)."""

    def restore(self, number: int, size: int) -> None:
        """Restore the windows of a stream and of the connection by ``size`` bytes."""

    def head(self, stream: Stream, status: int, headers: Headers) -> None:
        """Send the head of an answer."""

    def body(self, stream: Stream, body: bytes, *, last: bool) -> None:
        """Send a part of an answer, as far as there is room; ``stream.unsent`` is the rest."""


class Stream:
    """A request under way.

    Received parts of its body wait in one piece until the application takes them. The window is restored only then, so
    no more waits than the window allows.
    """

    __slots__ = (
        "_body",
        "_changed",
        "_end_taken",
        "_mute",
        "_sender",
        "answered",
        "begun",
        "ended",
        "gone",
        "id",
        "last",
        "owed",
        "unsent",
    )

    def __init__(self, sender: Sending, number: int, method: str) -> None:
        self._sender = sender
        self.id = number
        self._body = bytearray()
        self._changed: asyncio.Event | None = None
        self._end_taken = False
        self._mute = method == "HEAD"
        """Whether the answer has no body, whatever the application sends."""

        self.begun = False
        """Whether the head of the answer was sent."""

        self.answered = False
        """Whether the whole answer was sent."""

        self.ended = False
        """Whether the whole body was received."""

        self.gone = False
        """Whether the client reset the stream, or closed the connection."""

        self.owed = 0
        """How many received bytes the window isn't restored by yet."""

        self.unsent: memoryview | None = None
        """The rest of a part of the answer that waits for the client's window or its connection."""

        self.last = False
        """Whether ``unsent`` is the last part."""

    def feed(self, data: bytes) -> None:
        """Add a part of the body."""
        self._body += data
        self.owed += len(data)
        self.wake()

    def end(self) -> None:
        """Note the end of the body."""
        self.ended = True
        self.wake()

    def leave(self) -> None:
        """Note that the client has gone; the unread body and the unsent answer are dropped."""
        self.gone = True
        self._body.clear()
        self.unsent = None
        self.wake()

    def wake(self) -> None:
        """Let the application see what has changed."""
        if self._changed is not None:
            self._changed.set()

    def restore(self) -> None:
        """Restore the windows by what has been received."""
        owed, self.owed = self.owed, 0
        self._sender.restore(self.id, owed)

    def whole_body(self) -> bytes:
        """The body of a request that has ended; it can also be received."""
        return bytes(self._body)

    async def receive(self) -> Message:
        """ASGI's: a part of the body; after its end, the client's disconnect or the end of the answer."""
        while not (self._body or self.gone or self.answered or (self.ended and not self._end_taken)):
            await self._change()
        if self.gone or self.answered:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        self._end_taken = self.ended
        self.restore()
        return {"type": "http.request", "body": body, "more_body": not self.ended}

    async def send(self, message: Message) -> None:
        """ASGI's; returns once all is handed to the connection. Nothing happens if the client has gone.

        Raises ``RuntimeError`` for a message out of order.
        """
        if self.gone:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.begun:
            self.begun = True
            self._mute = self._mute or message["status"] in _BODILESS
            self._sender.head(self, message["status"], message.get("headers", []))
        elif kind == "http.response.body" and self.begun and not self.answered:
            body = b"" if self._mute else message.get("body", b"")
            self._sender.body(self, body, last=not message.get("more_body", False))
            while self.unsent is not None:
                await self._change()
        else:
            raise RuntimeError(f"{kind} is out of order")

    async def _change(self) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        self._changed.clear()
        await self._changed.wait()
