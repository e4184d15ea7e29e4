"""HTTP/1.1 server: hypercorn, with and without TLS.

hypercorn's own entry point creates sockets, TLS contexts and signal handlers. Here its connection handler runs on
connections passed to it, with a limit on the time for a request's head, which it lacks, and at less cost.

HTTP/1.1 connections are never upgraded: an upgrade forwarded by a proxy would bypass the proxy's rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, cast

import h11
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

from server.config import Listener
from server.listeners.accept import Connect
from server.listeners.alpn import PREFACE
from server.listeners.asgi import CLIENT_CERTIFICATE, Application, Message, Receive, Scope, Send
from server.listeners.connection_budget import Slot
from server.listeners.deadlines import CLOSING_SECONDS
from server.listeners.head_limits import MAX_HEAD_BYTES
from server.listeners.misdirected import begins_tls, note_tls
from server.listeners.tls import client_certificate
from server.runtime.identifiers import new_request_id

_READ_BYTES = 16 * 1024
"""The bytes processed before other tasks get their turn."""

_MAX_PARTS = 256
"""The most parts of an HTTP/1.1 body that may wait for the application; reading pauses then."""

_MOST_JOINED_BYTES = 64 * 1024
"""The most bytes that wait to be sent together with the next ones."""

_FREE_CHUNK_BYTES = 16
"""The average size in bytes of a body's chunks, at least."""

MAX_SHORT_CHUNKS = 1_000
"""The most one-byte chunks before longer ones have paid for them."""

_REGAINED_PER_REQUEST = 100


class _Chunks(h11.Connection):
    """h11's connection, which refuses a body in too many short chunks.

    h11 takes as much time for a chunk of one byte as for a hundred bytes within one.
    """

    _credit: float = MAX_SHORT_CHUNKS

    def next_event(self) -> Any:
        """As h11's."""
        event = super().next_event()
        if isinstance(event, h11.Data) and event.chunk_start:
            self._earn(len(event.data) / _FREE_CHUNK_BYTES - 1)
            if self._credit < 0:
                raise h11.RemoteProtocolError("the chunks of the body are too short", error_status_hint=400)
        elif isinstance(event, h11.Request):
            self._earn(_REGAINED_PER_REQUEST)
        return event

    def _earn(self, units: float) -> None:
        self._credit = min(self._credit + units, MAX_SHORT_CHUNKS)


class Http1(H11Protocol):
    """One connection. ``Upgrade: h2c``, which hypercorn would accept, is ignored."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connection = _Chunks(h11.SERVER, max_incomplete_event_size=self.config.h11_max_incomplete_size)

    async def _check_protocol(self, request: h11.Request) -> None:
        """Change to no other protocol."""

    async def _send_error_response(self, status_code: int) -> None:
        """As hypercorn's, with the id of a request, as all answers have."""
        headers = [
            (b"content-length", b"0"),
            (b"connection", b"close"),
            (b"x-vault-request-id", new_request_id().encode()),
            *self.config.response_headers("h11"),
        ]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.EndOfMessage())


class _Connection(TCPServer):
    """hypercorn's connection, closed if a head doesn't arrive in time.

    hypercorn writes an answer in three parts, and creates a task for each pause between requests. Here, the data of two
    turns of the event loop is joined into one write, and one task watches all pauses.
    """

    head_seconds: float = 10.0
    _timer: asyncio.TimerHandle | None = None
    _busy = False
    _idle_since: float
    _unsent: bytearray

    async def run(self) -> None:
        """Serve the connection to its end."""
        self._unsent = bytearray()
        self._idle_since = self.loop.time()
        self._arm()
        connection = self.writer.get_extra_info("socket")
        tls = self.writer.get_extra_info("ssl_object")
        try:
            async with TaskGroup(self.loop) as group:
                self._task_group = group
                self.protocol = cast(
                    "Any",
                    Http1(
                        self.app,
                        self.config,
                        self.context,
                        group,
                        ConnectionState(self.state),
                        tls is not None,
                        parse_socket_addr(connection.family, connection.getpeername()),
                        parse_socket_addr(connection.family, connection.getsockname()),
                        self.protocol_send,
                    ),
                )
                await self.protocol.initiate()
                await self.idle_task.restart(group, self._idle_timeout)
                await self._read_data()
        except OSError:
            pass
        finally:
            await self._close()
            self._disarm()

    async def protocol_send(self, event: Event) -> None:
        """Handle the events of hypercorn's protocols: bytes to send, and whether a request is under way."""
        if isinstance(event, RawData):
            await self._send(event.data)
        elif isinstance(event, Updated):
            self._busy = not event.idle
            self._idle_since = self.loop.time()
            self._disarm()
            if event.idle and self.context.terminated.is_set():
                await super().protocol_send(event)
        else:
            await super().protocol_send(event)

    async def _send(self, data: bytes) -> None:
        if data and not self._unsent:
            self.loop.call_soon(self.loop.call_soon, self._write_out)
        self._unsent += data
        if len(self._unsent) >= _MOST_JOINED_BYTES:
            self._write_out()
        try:
            await self.writer.drain()
        except (ConnectionError, RuntimeError):
            await self.protocol.handle(Closed())

    def _write_out(self) -> None:
        data, self._unsent = bytes(self._unsent), bytearray()
        if data:
            with contextlib.suppress(RuntimeError):  # It is closed, which the reader notices.
                self.writer.write(data)

    async def _read_data(self) -> None:
        first = True
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(_READ_BYTES)
            except OSError:  # Includes resets and TLS errors.
                break
            if self._timer is None and not self._busy and data:
                self._arm()
            if first and begins_tls(data):
                note_tls((self.writer.get_extra_info("peername") or ("",))[0])
            first = False
            await self.protocol.handle(RawData(data))
            await asyncio.sleep(0)  # Lets other tasks run, even if there is always something to read.
        await self.protocol.handle(Closed())
        # Otherwise it would keep all that belongs to the connection until the idle timeout.
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        """Close the connection after too long a pause, or at the first pause after the server was told to stop."""
        terminated, most = self.context.terminated, self.config.keep_alive_timeout
        while not terminated.is_set():
            left = most if self._busy else self._idle_since + most - self.loop.time()
            if left <= 0:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await terminated.wait()
        if not self._busy:
            await asyncio.shield(self._initiate_server_close())

    async def _initiate_server_close(self) -> None:
        self._write_out()
        # A client that stops reading would otherwise hold the connection and its unsent data for ever.
        self.loop.call_later(CLOSING_SECONDS, self.writer.transport.abort)
        await super()._initiate_server_close()

    async def _close(self) -> None:
        self._write_out()
        timer = self.loop.call_later(CLOSING_SECONDS, self.writer.transport.abort)
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


class _Preface(asyncio.Protocol):
    """A connection until its first bytes show whether they are HTTP/2's preface (RFC 9113, section 3.4)."""

    def __init__(
        self, place: Slot, http1: Connect, http2: Connect, head_seconds: float, undecided: set[_Preface]
    ) -> None:
        """``undecided`` has the connections of this kind, for their server's stop."""
        self._place = place
        self._http1 = http1
        self._http2 = http2
        self._head_seconds = head_seconds
        self._undecided = undecided
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._undecided.add(self)
        self._transport = made = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(self._head_seconds, made.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection was closed before it was passed on."""
        self._undecided.discard(self)
        self._timer.cancel()
        self._place.close()

    def data_received(self, data: bytes) -> None:
        """Pass the connection on, once it is decided."""
        self._first += data
        if len(self._first) < len(PREFACE) and PREFACE.startswith(self._first):
            return
        self._undecided.discard(self)
        self._timer.cancel()
        protocol = (self._http2 if self._first.startswith(PREFACE) else self._http1)(self._place)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(self._first)

    def abort(self) -> None:
        """Close the connection."""
        self._transport.abort()


class _Streams(asyncio.StreamReaderProtocol):
    """A connection as streams, counted until its end."""

    place: Slot | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        if self.place is not None:
            self.place.close()
        super().connection_lost(exc)


class HypercornServer:
    """Serves HTTP/1.1 on the connections passed to it, and hands those of HTTP/2 to ``http2``."""

    def __init__(self, application: Application, listener: Listener, drain_seconds: float, http2: Connect) -> None:
        self._config = _config(listener)
        self._head_seconds = float(listener.http_read_header_timeout_seconds)
        self._drain_seconds = drain_seconds
        self._http2 = http2
        self._worker = WorkerContext(None)
        self._application = cast("Any", ASGIWrapper(cast("Any", _leaving_room(application))))
        self._loop = asyncio.get_running_loop()
        self._connections: set[asyncio.Task[Any]] = set()
        self._undecided: set[_Preface] = set()

    def connect(self, place: Slot) -> asyncio.Protocol:
        """The protocol of a new connection, which holds ``place``."""
        return _Preface(place, self._streams, self._http2, self._head_seconds, self._undecided)

    def _streams(self, place: Slot) -> asyncio.Protocol:
        protocol = _Streams(asyncio.StreamReader(loop=self._loop), self._connected, loop=self._loop)
        protocol.place = place
        return cast("asyncio.Protocol", protocol)

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; then until requests under way are answered, or the drain time is over."""
        try:
            await stop.wait()
        finally:
            for connection in list(self._undecided):
                connection.abort()
            await self._worker.terminated.set()
            await _drain(self._connections, self._drain_seconds)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # hypercorn lacks ASGI's TLS extension, but passes a connection's state on to each of its requests.
        state = cast("Any", {CLIENT_CERTIFICATE: client_certificate(writer.transport)})
        connection = _Connection(self._application, self._loop, self._config, self._worker, state, reader, writer)
        connection.head_seconds = self._head_seconds
        await connection.run()


def _leaving_room(application: Application) -> Application:
    """``application``, with room in its queue if it ends before the body does.

    hypercorn puts a last message there, after unread parts of the body, and would wait for ever for a place in a full
    queue, as would its reader with the next part.
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
    """Give ``connections`` ``seconds`` to finish, then cancel them."""
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
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.max_app_queue_size = _MAX_PARTS
    return config
