"""HTTP/1.1 server of one listener: uvicorn's without its own sockets, for connections that are accepted elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any, cast

from uvicorn import Config as UvicornConfig
from uvicorn import Server

from server.config import Listener
from server.listeners.asgi import Application
from server.listeners.connection_budget import Slot
from server.listeners.deadlines import SWEEP_SECONDS
from server.listeners.http1.head_cache import HeadCache
from server.listeners.http1.protocol import BoundedProtocol

_TICKS_PER_SWEEP = round(SWEEP_SECONDS / 0.1)


class _Server(Server):
    """uvicorn's server without its own sockets and signal handlers."""

    def __init__(self, config: UvicornConfig, head_seconds: float) -> None:
        super().__init__(config)
        self._head_seconds = head_seconds

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing: connections are passed in."""
        self.servers = []
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """uvicorn's tick, ten times a second."""
        if counter % _TICKS_PER_SWEEP == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.sweep(now, self._head_seconds)
        return await super().on_tick(counter)


class Http1Server:
    """Serves HTTP/1.1 on the connections passed to it."""

    def __init__(self, application: Application, listener: Listener, drain_seconds: float) -> None:
        config = UvicornConfig(
            cast("Any", application),
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=listener.http_idle_timeout_seconds,
            timeout_graceful_shutdown=max(1, round(drain_seconds)),
        )
        # At trace level uvicorn would log the headers of each request, tokens included; and its warnings are about
        # invalid requests, of which any client can send any number.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._server = _Server(config, listener.http_read_header_timeout_seconds)
        self._head_cache = HeadCache()

    def connect(self, place: Slot) -> BoundedProtocol:
        """The protocol of a new connection, which holds ``place``."""
        server = self._server
        protocol = BoundedProtocol(
            config=server.config, server_state=server.server_state, app_state={}, head_cache=self._head_cache
        )
        protocol.place = place
        return protocol

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; then until requests under way are answered, or the drain time is over."""

        async def leave() -> None:
            await stop.wait()
            self._server.should_exit = True

        leaving = asyncio.create_task(leave())
        try:
            await self._server.serve()
        finally:
            leaving.cancel()
            left = list(self._server.server_state.tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
