"""HTTP/2 server of one listener, for connections that are accepted elsewhere."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from server.config import Listener
from server.listeners.asgi import Application
from server.listeners.connection_budget import Slot
from server.listeners.deadlines import SWEEP_SECONDS
from server.listeners.http2.connection import Http2Connection, Service

_DRAIN_CHECK_SECONDS = 0.02


class Http2Server:
    """Serves HTTP/2 on the connections passed to it."""

    def __init__(self, application: Application, listener: Listener, drain_seconds: float) -> None:
        self._service = Service(
            application, float(listener.http_read_header_timeout_seconds), float(listener.http_idle_timeout_seconds)
        )
        self._drain_seconds = drain_seconds
        self._note_date()

    def connect(self, place: Slot) -> Http2Connection:
        """The protocol of a new connection, which holds ``place``."""
        return Http2Connection(self._service, place)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; then until requests under way are answered, or the drain time is over."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            await stop.wait()
        finally:
            self._service.stopping = True
            for connection in list(self._service.connections):
                connection.close()
            await self._drain()
            sweeping.cancel()

    def _note_date(self) -> None:
        self._service.date = b"date", formatdate(usegmt=True).encode()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._note_date()
            now = loop.time()
            for connection in list(self._service.connections):
                connection.sweep(now)

    async def _drain(self) -> None:
        """Give connections time to end, then cancel what is left."""
        connections = self._service.connections
        loop = asyncio.get_running_loop()
        end = loop.time() + self._drain_seconds
        while connections and loop.time() < end:
            await asyncio.sleep(_DRAIN_CHECK_SECONDS)
        left = [task for connection in connections for task in connection.tasks]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for connection in list(connections):
            connection.abort()
