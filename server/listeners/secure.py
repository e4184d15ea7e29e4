"""hypercorn: HTTP/2 and HTTP/1.1 over TLS, chosen by ALPN; without TLS it serves both as well.

hypercorn's own entry point makes sockets, TLS contexts and signal handlers by itself. Here its connection handler is
run on a socket and a context of ours, with a limit on the time for a request's head, which it lacks, and with head and
body of an HTTP/1.1 answer in one write instead of three. HTTP/1.1 stays what it is: a change to HTTP/2 in the middle of
a connection would lead clients past a proxy that forwards it, and past its rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from functools import partial
from typing import Any, cast

import h11
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol

from server.config import Listener
from server.listeners.accept import Acceptor
from server.listeners.asgi import CLIENT_CERTIFICATE, Application, Message, Receive, Scope, Send
from server.listeners.heads import is_head
from server.listeners.share import Place, Share
from server.listeners.tls import ApprovedContext, is_approved

_log = logging.getLogger(__name__)

_MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 16 * 1024
"""About a thousand of the smallest frames of HTTP/2: how many are worked off before others have their turn."""
_MAX_FRAMES = 256
"""How many frames of a body may wait for the application. While that many do, nothing else is read from the connection,
and that includes the client's word that it can take more of the answer; so a stream needs some room here."""

_CLOSING_SECONDS = 10.0
"""How long a client may take to read the rest of what was sent to it before its connection was closed."""


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
        if isinstance(self.protocol.protocol, H11Protocol):
            self.protocol.protocol._check_protocol = partial(_check_protocol, self.protocol.protocol)  # type: ignore[method-assign]
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
            await asyncio.sleep(0)  # Others have their turn, also while there is always something to read.
        await self.protocol.handle(Closed())

    async def _close(self) -> None:
        timer = self.loop.call_later(_CLOSING_SECONDS, self.writer.transport.abort)
        try:
            await super()._close()
        finally:
            timer.cancel()

    def _arm(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self.writer.transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _check_protocol(protocol: H11Protocol, request: h11.Request) -> None:
    """As hypercorn's, which takes up every offer of HTTP/2 (``Upgrade: h2c``); here only who begins with it gets it."""
    if request.method == b"PRI":
        await H11Protocol._check_protocol(protocol, request)


class _Streams(asyncio.StreamReaderProtocol):
    """A connection as streams, counted until it is over."""

    place: Place | None = None
    approved_only = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there; TLS has been agreed on, if there is any."""
        if self.approved_only and not is_approved(transport):
            # Nothing has been read yet, and nobody waits for what this object would hand on.
            _log.debug("a connection was closed: its suite of ciphers is not FIPS-approved")
            cast("asyncio.Transport", transport).abort()
            return
        super().connection_made(transport)

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
    wrapper = ASGIWrapper(cast("Any", _leaving_room(application)))
    loop = asyncio.get_running_loop()
    connections: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        # hypercorn has no extension for TLS, but hands a connection's state on to each of its requests.
        state = {CLIENT_CERTIFICATE: _client_certificate(writer)}
        connection = _Connection(cast("Any", wrapper), loop, config, worker, cast("Any", state), reader, writer)
        connection.head_seconds = listener.http_read_header_timeout_seconds
        await connection.run()

    def streams(place: Place) -> _Streams:
        protocol = _Streams(asyncio.StreamReader(loop=loop), connected, loop=loop)
        protocol.place = place
        protocol.approved_only = isinstance(context, ApprovedContext)
        return protocol

    acceptor = Acceptor(opened, streams, share, context, float(listener.http_read_header_timeout_seconds))
    try:
        await stop.wait()
    finally:
        acceptor.close()
        await acceptor.wait_closed()
        await worker.terminated.set()
        await _drain(connections, drain_seconds)


def _client_certificate(writer: asyncio.StreamWriter) -> bytes:
    """What the client has shown, in DER; empty if it has shown nothing."""
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    return (tls is not None and tls.getpeercert(binary_form=True)) or b""


def _leaving_room(application: Application) -> Application:
    """``application``, with room in its queue when it is through before the body is.

    hypercorn puts a last message there, behind what of the body was never asked for, and would wait without end for a
    place in a full queue, as would its reader, with one more part of the body in hand.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        whole = False

        async def receive_noted() -> Message:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        try:
            await application(scope, receive_noted, send)
        finally:
            for _ in range(0 if whole else 2):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0):
                        await receive()

    return serve


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
    config.max_app_queue_size = _MAX_FRAMES
    return config
