"""Costly bodies: accepted with a valid token only, and processed one at a time.

A modest body, as nearly all are, is parsed once it has arrived. For any other the token is checked first, before more
than ``SMALL_BODY_BYTES`` are read. Without a token, a body must be cheap to parse (``compat.json.text.parse_plain``)
and no larger than ``PLAIN_BODY_BYTES``.

Parsing ten megabytes, and hiding their strings for the audit, takes a tenth of a second and more. So that happens in a
thread, one large body at a time, and bodies whose clients have gone are dropped. Few are held at a time; the others
aren't read meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from compat.json.text import Octets, has_many_elements
from engines.faults import TooLarge
from server.listeners.asgi import Receive
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.response import GoneError

PLAIN_BODY_BYTES = 1024 * 1024
"""The largest body, in bytes, that is cheap to parse: of a public route, or to be parsed without waiting."""

FEW_BYTES = 4 * 1024
"""The size in bytes up to which any body is cheap."""

TURN_SECONDS = 1.0
"""The seconds for which a large body is processed alone."""

MAX_HELD = 16
"""The most large bodies that are read or held at a time; others aren't read until one is done."""

HELD_SECONDS = 5.0
"""The seconds for which a body counts among these, so that a slow client doesn't hold up others for longer."""

_LOOKS = 6
"""The most turns of the event loop before the end of a connection is noticed."""

UNKNOWN_CALLER = f"without a token, at most {PLAIN_BODY_BYTES} bytes, of few values"


def too_large(limit: str) -> TooLarge:
    """The refusal of a body that exceeds ``limit``, a text with its value."""
    return TooLarge(f"http: request body too large: {limit}")


def size_limit(size: int) -> str:
    """The text of a listener's configured limit."""
    return f"max_request_size is {size} bytes"


def is_modest(body: bytes) -> bool:
    """Whether a body is so cheap that it is parsed before the token is checked."""
    size = len(body)
    return size <= FEW_BYTES or (size <= SMALL_BODY_BYTES and not has_many_elements(body))


class LargeBody:
    """A body that isn't small, as far as it was read.

    All parts go into one buffer: separate parts, each below the C library's mmap threshold, would fragment the heap and
    leave hundreds of megabytes with the process.
    """

    __slots__ = ("_buffer", "_receive", "first", "more", "size")

    def __init__(self, receive: Receive, first: bytes = b"", *, more: bool = True) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self.first = first
        """The body, if it came in one part."""
        self.size = len(first)
        self.more = more

    async def read(self, enough: int) -> None:
        """Read on until the body is complete, or larger than ``enough`` bytes. Raises ``GoneError``."""
        while self.more and self.size <= enough:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            part = message.get("body", b"")
            if not self.size:
                self.first = part
            else:
                if self.first:
                    self._buffer, self.first = bytearray(self.first), b""
                self._buffer += part
            self.size += len(part)
            self.more = message.get("more_body", False)

    async def whole(self, most: int, limit: str) -> Octets:
        """The body, which is released here. Raises ``TooLarge`` beyond ``most`` bytes, and ``GoneError``.

        ``limit`` is the text of the limit that ``most`` comes from.
        """
        await self.read(most)
        if self.size > most:
            raise too_large(limit)
        body = self.first or self._buffer
        self._buffer, self.first = bytearray(), b""
        return body


class Turns:
    """Limits how many costly tasks run at a time, so that others aren't held up.

    A turn ends after ``seconds`` for the next task, even if its owner isn't done: it may be waiting.
    """

    def __init__(self, places: int, seconds: float) -> None:
        self._free = places
        self._seconds = seconds
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @asynccontextmanager
    async def turn(self, receive: Receive | None = None) -> AsyncIterator[None]:
        """Wait for a turn, and hold it. Raises ``GoneError`` if the client of ``receive`` has gone meanwhile.

        With ``receive``, the body must have been received. Between two turns the event loop serves other tasks.
        """
        await self._begin(receive)
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._next()

        timer = asyncio.get_running_loop().call_later(self._seconds, leave)
        try:
            if receive is not None:
                await check_present(receive)
            yield
        finally:
            timer.cancel()
            leave()

    async def _begin(self, receive: Receive | None) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        watching = None if receive is None else asyncio.create_task(_watch(receive, turn))
        try:
            mine = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self._next()
            raise
        finally:
            if watching is not None:
                watching.cancel()
        if not mine:
            raise GoneError

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1


async def check_present(receive: Receive) -> None:
    """Raises ``GoneError`` if the client has gone, as far as this machine knows; its body must have been received.

    What has arrived is seen when the event loop has looked at the connection, and passed it on.
    """
    gone: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    watching = asyncio.create_task(_watch(receive, gone))
    try:
        for _ in range(_LOOKS):
            await asyncio.sleep(0)
            if gone.done():
                raise GoneError
    finally:
        watching.cancel()


async def _watch(receive: Receive, turn: asyncio.Future[bool]) -> None:
    """Resolve ``turn`` to False when the client has gone. Not an exception, which would keep the body alive."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not turn.done():
        turn.set_result(False)
