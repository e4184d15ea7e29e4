"""hypercorn: HTTP/2 and HTTP/1.1 over TLS, chosen by ALPN; without TLS it serves both as well.

hypercorn's own entry point makes sockets, TLS contexts and signal handlers by itself. Here its connection handler is
run on a socket and a context of ours, with a limit on the time for a request's head, which it lacks, and with head and
body of an HTTP/1.1 answer in one write instead of three.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import Any, cast

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol

from server.config import Listener
from server.listeners.accept import Acceptor
from server.listeners.asgi import Application
from server.listeners.heads import is_head
from server.listeners.share import Place, Share

_MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024


class _Connection(TCPServer):
    """hypercorn's connection, closed if a head doesn't come in time.

    HTTP/2 has no single head to wait for: there, the first bytes must come in time, and the idle timeout does the rest.
    """

    head_seconds: float = 10.0
    _timer: asyncio.TimerHandle | None = None
    _busy = False
    _head = b""

    async def run(self) -> None:
        """Serve the connection to its end."""
        self._arm()
        try:
            await super().run()
        finally:
            self._disarm()

    async def protocol_send(self, event: Event) -> None:
        """What hypercorn's protocols say: bytes to send, and whether a request is under way."""
        if isinstance(event, Updated):
            self._busy = not event.idle
            self._disarm()
        elif isinstance(event, RawData) and is_head(event.data):
            self._head += event.data
            return
        if self._head:
            kept, self._head = self._head, b""
            if isinstance(event, RawData):
                event = RawData(kept + event.data)
            else:
                await super().protocol_send(RawData(kept))
        if not isinstance(event, RawData) or event.data:
            await super().protocol_send(event)

    async def _read_data(self) -> None:
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(_READ_BYTES)
            except OSError:  # Among them are resets, and errors of TLS.
                break
            if isinstance(self.protocol.protocol, H11Protocol):
                if self._timer is None and not self._busy and data:
                    self._arm()
            else:
                self._disarm()
            await self.protocol.handle(RawData(data))
        await self.protocol.handle(Closed())

    def _arm(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self.writer.transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Streams(asyncio.StreamReaderProtocol):
    """A connection as streams, counted until it is over."""

    place: Place | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        if self.place is not None:
            self.place.close()
        super().connection_lost(exc)


async def serve_secure(
    application: Application,
    listener: Listener,
    opened: socket.socket,
    context: ssl.SSLContext | None,
    stop: asyncio.Event,
    drain_seconds: float,
    share: Share,
) -> None:
    """Serve HTTP/1.1 and HTTP/2 on ``opened`` until ``stop`` is set and what is under way is answered."""
    config = _config(listener)
    worker = WorkerContext(None)
    wrapper = ASGIWrapper(cast("Any", application))
    loop = asyncio.get_running_loop()
    connections: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        connection = _Connection(cast("Any", wrapper), loop, config, worker, {}, reader, writer)
        connection.head_seconds = listener.http_read_header_timeout_seconds
        await connection.run()

    def streams(place: Place) -> _Streams:
        protocol = _Streams(asyncio.StreamReader(loop=loop), connected, loop=loop)
        protocol.place = place
        return protocol

    acceptor = Acceptor(opened, streams, share, context, float(listener.http_read_header_timeout_seconds))
    try:
        await stop.wait()
    finally:
        acceptor.close()
        await acceptor.wait_closed()
        await worker.terminated.set()
        await _drain(connections, drain_seconds)


async def _drain(connections: set[asyncio.Task[Any]], seconds: float) -> None:
    """Let ``connections`` finish for ``seconds``, then end them."""
    if connections:
        await asyncio.wait(connections, timeout=seconds)
    left = list(connections)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _config(listener: Listener) -> HypercornConfig:
    config = HypercornConfig()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.keep_alive_timeout = float(listener.http_idle_timeout_seconds)
    config.keep_alive_max_requests = 1_000_000
    config.h11_max_incomplete_size = _MAX_HEAD_BYTES
    config.h2_max_header_list_size = _MAX_HEAD_BYTES
    return config
