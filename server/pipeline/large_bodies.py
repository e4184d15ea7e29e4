"""Costly bodies: taken from those who have shown a token, and worked off one at a time.

What is modest, as nearly all bodies are, is parsed when it is there. For anything else the token is looked at first,
before more than ``SMALL_BODY_BYTES`` are read. Without one, a body must be cheap to parse
(``compat.json.text.parse_plain``) and no larger than ``PLAIN_BODY_BYTES``.

To parse ten megabytes, and to hide what is in them from the audit, takes a tenth of a second and more. So that is done
beside the event loop, each large body waits until the one before it is done, and one whose client has gone is dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from compat.json.text import has_many_elements
from engines.faults import TooLarge
from server.listeners.asgi import Receive
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.response import GoneError

PLAIN_BODY_BYTES = 1024 * 1024
"""How large a body may be that is cheap to parse: of a public route, or to be parsed without waiting."""

FEW_BYTES = 4 * 1024
"""A body up to this size costs next to nothing, whatever is in it."""

LONGEST_TURN_SECONDS = 1.0
"""After which time the next large body has its turn, though the one before it isn't done: it may wait for something."""

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
    """A body of which more than a little is to come or has come, as far as it was read."""

    __slots__ = ("_parts", "_receive", "more", "size")

    def __init__(self, receive: Receive, first: bytes = b"", *, more: bool = True) -> None:
        self._receive = receive
        self._parts = [first]
        self.size = len(first)
        self.more = more

    @property
    def first(self) -> bytes:
        """The part that came first."""
        return self._parts[0]

    async def read(self, enough: int) -> None:
        """Read on until the body is whole, or larger than ``enough`` bytes. Raises ``GoneError``."""
        while self.more and self.size <= enough:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            part = message.get("body", b"")
            self._parts.append(part)
            self.size += len(part)
            self.more = message.get("more_body", False)

    async def whole(self, most: int, limit: str) -> bytes:
        """The body, which isn't kept here any longer. Raises ``TooLarge`` beyond ``most`` bytes, and ``GoneError``.

        ``limit`` names in words what sets ``most``.
        """
        await self.read(most)
        if self.size > most:
            raise too_large(limit)
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Turns:
    """One at a time of those who would hold up everybody else if they came together."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[bool]] = deque()

    @asynccontextmanager
    async def turn(self, receive: Receive) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises ``GoneError`` if meanwhile the client of ``receive`` has gone.

        The body must have been received. Between two turns the event loop looks for what else there is to do.
        """
        await self._begin(receive)
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._next()

        timer = asyncio.get_running_loop().call_later(LONGEST_TURN_SECONDS, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()

    async def _begin(self, receive: Receive) -> None:
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        watching = asyncio.create_task(_watch(receive, turn))
        try:
            mine = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self._next()
            raise
        finally:
            watching.cancel()
        if not mine:
            raise GoneError

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._taken = False


async def _watch(receive: Receive, turn: asyncio.Future[bool]) -> None:
    """Give ``turn`` up when the client has gone. A result, since an exception would hold on to the body."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if not turn.done():
        turn.set_result(False)
