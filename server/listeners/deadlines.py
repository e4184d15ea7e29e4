"""Bounds on requests under way: how many there may be, how much of bodies they may hold, and how long they may take.

What is over a bound is refused at once, so that what is under it is served in time; ``sys/health`` is always served.

A timer for each request would cost more than most requests do otherwise, so requests are only written down, and one
task looks through them every half a second. What is overdue is cancelled and answered here. A stream may take as long
as it moves, and watches over that by itself: it is released.
"""

from __future__ import annotations

import asyncio
import math
from time import monotonic
from typing import Any

from server.config import Listener
from server.listeners.asgi import RELEASE, WHOLE_BODY, Application, Message, Receive, Scope, Send, answer_error

MAX_BODY_BYTES = 256 * 1024 * 1024
"""How much of request bodies a process holds at most."""

_ALWAYS_SERVED = "/v1/sys/health"
_OVERLOADED = "the server is overloaded; try again later"

SWEEP_SECONDS = 0.5
"""How often is looked for what is overdue; a deadline is met to this."""


class _Overloaded(Exception):
    """There is no room for more of a body."""


class _Request:
    """One request under way."""

    __slots__ = ("body_bytes", "overdue", "reading", "started")

    def __init__(self, started: float) -> None:
        self.started = started
        self.reading = False
        self.overdue = False
        self.body_bytes = 0

    def release(self) -> None:
        """From now on it is never overdue."""
        self.started = math.inf


class Deadlines:
    """Cuts requests off: 408 if the body doesn't arrive in time, 503 if the answer takes too long or there are others.

    ``most`` requests are served at a time.
    """

    def __init__(self, application: Application, listener: Listener, most: int) -> None:
        self._application = application
        self._read_seconds = listener.http_read_timeout_seconds
        self._duration_seconds = listener.max_request_duration_seconds
        self._requests: dict[asyncio.Task[Any], _Request] = {}
        self._most = most
        self._body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            return
        if (len(self._requests) >= self._most or self._body_bytes > MAX_BODY_BYTES) and scope["path"] != _ALWAYS_SERVED:
            await answer_error(scope, send, 503, _OVERLOADED, close=True)
            return
        task = asyncio.current_task()
        assert task is not None
        request = self._requests[task] = _Request(monotonic())

        scope[RELEASE] = request.release
        whole = scope.get(WHOLE_BODY)
        if whole is not None:
            request.body_bytes = len(whole)
            self._body_bytes += request.body_bytes

        async def receive_noted() -> Message:
            request.reading = True
            message = await receive()
            request.reading = False
            size = len(message.get("body", b""))
            request.body_bytes += size
            self._body_bytes += size
            if self._body_bytes > MAX_BODY_BYTES:
                raise _Overloaded
            return message

        try:
            await self._application(scope, receive_noted if whole is None else receive, send)
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
            del self._requests[task]
            self._body_bytes -= request.body_bytes

    async def watch(self) -> None:
        """Look for what is overdue, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._sweep(monotonic())

    def _sweep(self, now: float) -> None:
        for task, request in list(self._requests.items()):
            limit = self._read_seconds if request.reading else self._duration_seconds
            if not request.overdue and now - request.started > limit:
                request.overdue = True
                task.cancel()
