"""Costly bodies: taken from those who have shown a token, and worked off one at a time.

What is modest, as nearly all bodies are, is parsed when it is there. For anything else the token is looked at first,
before more than ``SMALL_BODY_BYTES`` are read. Without one, a body must be cheap to parse
(``compat.json.text.parse_plain``) and no larger than ``PLAIN_BODY_BYTES``.

To parse ten megabytes, and to hide what is in them from the audit, takes a tenth of a second and more. So that is done
beside the event loop, each large body waits until the one before it is done, and one whose client has gone is dropped.
Few of them are held at a time; the others are left to their clients until then.
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
"""How large a body may be that is cheap to parse: of a public route, or to be parsed without waiting."""

FEW_BYTES = 4 * 1024
"""A body up to this size costs next to nothing, whatever is in it."""

TURN_SECONDS = 1.0
"""How long a large body is worked off alone."""

MAX_HELD = 16
"""How many large bodies are read or waited with at a time; others aren't read until one is done."""

HELD_SECONDS = 5.0
"""How long a body counts among these; one whose client sends it slowly keeps the others waiting no longer."""

_LOOKS = 6
"""How many turns of the event loop it takes at most until the end of a connection is known."""

UNKNOWN_CALLER = f"without a token, at most {PLAIN_BODY_BYTES} bytes, of few values"


def too_large(limit: str) -> TooLarge:
    """The refusal of a body that exceeds a limit, which is told in words with its value."""
    return TooLarge(f"http: request body too large: {limit}")


def size_limit(size: int) -> str:
    """The configured limit of a listener, in words."""
    return f"max_request_size is {size} bytes"


def is_modest(body: bytes) -> bool:
    """Whether a body costs so little that it is parsed before the token is looked at."""
    size = len(body)
    return size <= FEW_BYTES or (size <= SMALL_BODY_BYTES and not has_many_elements(body))


class LargeBody:
    """A body of which more than a little is to come or has come, as far as it was read.

    What comes is put into one buffer. In parts, each smaller than what the C library gives pages of its own to, it
    would leave the heap in pieces, and hundreds of megabytes with the process.
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
        """Read on until the body is whole, or larger than ``enough`` bytes. Raises ``GoneError``."""
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
        """The body, which isn't kept here any longer. Raises ``TooLarge`` beyond ``most`` bytes, and ``GoneError``.

        ``limit`` names in words what sets ``most``.
        """
        await self.read(most)
        if self.size > most:
            raise too_large(limit)
        body = self.first or self._buffer
        self._buffer, self.first = bytearray(), b""
        return body


class Turns:
    """So many at a time, and no more, of those who would hold up everybody else if they came together.

    A turn ends after ``seconds`` for the next one, though its owner isn't done: it may wait for something.
    """

    def __init__(self, places: int, seconds: float) -> None:
        self._free = places
        self._seconds = seconds
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @asynccontextmanager
    async def turn(self, receive: Receive | None = None) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises ``GoneError`` if meanwhile the client of ``receive`` has gone.

        With ``receive``, the body must have been received. Between two turns the event loop looks for what else there
        is to do.
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
    """Give ``turn`` up when the client has gone. A result, since an exception would hold on to the body."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not turn.done():
        turn.set_result(False)
