"""Bounds on requests: their heads, their number, the body bytes that they hold, and their time.

A request beyond a bound is refused at once, so that others are served in time; ``sys/health`` is exempt
(``Route.always_served``).

A timer for each request would cost more than most requests otherwise do, so requests are only recorded, and one task
checks them every half second. Overdue ones are cancelled and answered here. A stream may take any time and length while
it makes progress, and bounds both itself: it is released, and reports the bytes that it holds.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Collection
from time import monotonic
from typing import Any

from engines.faults import Unavailable
from server.config import Listener
from server.listeners.asgi import (
    KEPT,
    RELEASE,
    WHOLE_BODY,
    Application,
    Hold,
    Message,
    Receive,
    Scope,
    Send,
    answer_error,
)
from server.listeners.head_limits import head_fault
from server.runtime.log_limits import LimitedLog

MAX_BODY_BYTES = 256 * 1024 * 1024
"""The most body bytes that a process holds, not counting small bodies."""

SMALL_BODY_BYTES = 64 * 1024
"""The size in bytes up to which a body is always accepted, so that a few large ones can't block all others."""

CLOSING_SECONDS = 10.0
"""The seconds that a client has to read the remaining data before its connection is cut off."""

_overload = LimitedLog(logging.getLogger(__name__))

_OVERLOADED = "the server is overloaded; try again later"

SWEEP_SECONDS = 0.5
"""The interval of checks in seconds, and so the precision of deadlines."""


class _Overloaded(Exception):
    """There is no room for more body bytes."""


class _Request:
    """One request under way."""

    __slots__ = ("body_bytes", "deadlines", "more", "overdue", "reading", "received", "started")

    def __init__(self, deadlines: Deadlines, received: Receive, started: float) -> None:
        self.deadlines = deadlines
        self.received = received
        self.started = started
        self.reading = False
        self.more = True
        self.overdue = False
        self.body_bytes = 0

    async def receive(self) -> Message:
        """The next message. Raises ``_Overloaded`` if there is no room for more of the body."""
        if not self.more:
            return await self.received()  # A further call waits for the client's disconnect.
        self.reading = True
        message = await self.received()
        self.reading = False
        self.more = message.get("more_body", False)
        if self.started == math.inf:
            return message
        if not self.fits(self.body_bytes + len(message.get("body", b""))):
            raise _Overloaded
        return message

    def release(self) -> Hold:
        """Exempt it from the deadline; it reports its body bytes by the returned callable."""
        self.started = math.inf
        self.hold(0)
        return self.hold

    def hold(self, size: int) -> None:
        """Record that it holds ``size`` body bytes. Raises ``Unavailable`` if there is no room."""
        if not self.fits(size):
            raise Unavailable(_OVERLOADED)

    def fits(self, size: int) -> bool:
        """Record that it holds ``size`` body bytes; return whether there is room."""
        deadlines = self.deadlines
        deadlines.body_bytes += size - self.body_bytes
        self.body_bytes = size
        return size <= SMALL_BODY_BYTES or deadlines.body_bytes <= MAX_BODY_BYTES


class Deadlines:
    """Cancels overdue requests: 408 if the body doesn't arrive in time, 503 if the answer takes too long.

    ``most`` requests are served at a time (503 beyond), not counting those for a path in ``always_served``.
    """

    def __init__(
        self, application: Application, listener: Listener, most: int, always_served: Collection[str] = ()
    ) -> None:
        self._application = application
        self._always_served = always_served
        self._read_seconds = listener.http_read_timeout_seconds
        self._duration_seconds = listener.max_request_duration_seconds
        self._requests: dict[asyncio.Task[Any], _Request] = {}
        self._most = most
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop that serves, once ``watch`` runs."""

        self.body_bytes = 0
        """How much of request bodies is held."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            return
        if KEPT not in scope and (fault := head_fault(scope)) is not None:
            await answer_error(scope, send, *fault, close=True)
            return
        if len(self._requests) >= self._most and scope["path"] not in self._always_served:
            _overload.warning("requests are refused: there are as many under way as max_concurrent_requests allows")
            await answer_error(scope, send, 503, _OVERLOADED, close=True)
            return
        # Without the loop, asyncio would ask the system for the process's id each time.
        task = asyncio.current_task(self._loop)
        assert task is not None
        request = self._requests[task] = _Request(self, receive, monotonic())
        scope[RELEASE] = request.release
        whole = scope.get(WHOLE_BODY)
        try:
            if whole is not None and not request.fits(len(whole)):
                raise _Overloaded
            await self._application(scope, request.receive if whole is None else receive, send)
        except _Overloaded:
            await answer_error(scope, send, 503, _OVERLOADED, close=True)
        except asyncio.CancelledError:
            if not request.overdue:
                raise
            task.uncancel()
            if request.reading:
                await answer_error(scope, send, 408, "request body was not received in time", close=True)
            else:
                await answer_error(scope, send, 503, "request took longer than max_request_duration")
        finally:
            # It refers to the scope by ``receive``; without a cycle, a request is freed as soon as it is over.
            scope.pop(RELEASE, None)
            del self._requests[task]
            self.body_bytes -= request.body_bytes

    async def watch(self) -> None:
        """Check for overdue requests, until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._sweep(monotonic())

    def _sweep(self, now: float) -> None:
        for task, request in list(self._requests.items()):
            limit = self._read_seconds if request.reading else self._duration_seconds
            if not request.overdue and now - request.started > limit:
                request.overdue = True
                task.cancel()
