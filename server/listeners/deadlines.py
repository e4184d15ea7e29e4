"""Deadlines of requests: for the client to send its body, and for us to answer.

A timer for each request would cost more than most requests do otherwise, so requests are only written down, and one
task looks through them every half a second. What is overdue is cancelled and answered here. A stream may take as long
as it moves, and watches over that by itself: it is released.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from server.config import Listener
from server.listeners.asgi import RELEASE, Application, Message, Receive, Scope, Send, answer_error

SWEEP_SECONDS = 0.5
"""How often is looked for what is overdue; a deadline is met to this."""


class _Request:
    """One request under way."""

    __slots__ = ("overdue", "reading", "started")

    def __init__(self, started: float) -> None:
        self.started = started
        self.reading = False
        self.overdue = False

    def release(self) -> None:
        """From now on it is never overdue."""
        self.started = math.inf


class Deadlines:
    """Cuts requests off: 408 if the body doesn't arrive in time, 503 if the answer takes too long."""

    def __init__(self, application: Application, listener: Listener) -> None:
        self._application = application
        self._read_seconds = listener.http_read_timeout_seconds
        self._duration_seconds = listener.max_request_duration_seconds
        self._requests: dict[asyncio.Task[Any], _Request] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            return
        task = asyncio.current_task()
        assert task is not None
        request = self._requests[task] = _Request(asyncio.get_running_loop().time())

        scope[RELEASE] = request.release

        async def receive_noted() -> Message:
            request.reading = True
            message = await receive()
            request.reading = False
            return message

        try:
            await self._application(scope, receive_noted, send)
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

    async def watch(self) -> None:
        """Look for what is overdue, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._sweep(loop.time())

    def _sweep(self, now: float) -> None:
        for task, request in list(self._requests.items()):
            limit = self._read_seconds if request.reading else self._duration_seconds
            if not request.overdue and now - request.started > limit:
                request.overdue = True
                task.cancel()
