"""uvicorn with httptools and uvloop: HTTP/1.1, as fast as Python serves it.

uvicorn has no limit on the time or the size of a request's head, and lets go of a connection's idle timer as soon as a
single byte comes. ``BoundedProtocol`` writes down since when a head is awaited; the server's own tick looks through the
connections twice a second, so that requests pay for no timer. uvicorn also writes head and body of an answer one by
one; ``JoiningTransport`` makes one write, one packet and one wake-up of the client of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from uvicorn import Config as UvicornConfig
from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.config import Listener
from server.headers import SECURITY
from server.listeners.accept import Acceptor
from server.listeners.asgi import AT_ONCE, Application, Scope
from server.listeners.deadlines import SWEEP_SECONDS
from server.listeners.heads import is_head
from server.listeners.share import Place, Share
from server.listeners.verbs import Verbs

MAX_HEAD_BYTES = 1024 * 1024
"""The longest head of a request; more is answered 431."""

_TICKS_PER_SWEEP = round(SWEEP_SECONDS / 0.1)
_CLOSING_SECONDS = 10.0


def _closing(status: bytes) -> bytes:
    """An answer without a body, behind which the connection is closed."""
    headers = (*SECURITY, (b"connection", b"close"), (b"content-length", b"0"))
    return b"HTTP/1.1 %s\r\n%s\r\n" % (status, b"".join(b"%s: %s\r\n" % header for header in headers))


_OK = b"HTTP/1.1 200 OK\r\n"
_REFUSED = _closing(b"400 Bad Request")
_NOT_IN_TIME = _closing(b"408 Request Timeout")
_TOO_LARGE = _closing(b"431 Request Header Fields Too Large")


class JoiningTransport(asyncio.Transport):
    """A transport that keeps the head of an answer back until something follows it, or ``flush``."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data`` behind what was kept back, or keep it back if it looks like a head."""
        data = bytes(data)
        if is_head(data):
            self.flush()
            self._head = data
        elif self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        else:
            self._transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Send a whole answer."""
        self.flush()
        self._transport.write(data)

    def flush(self) -> None:
        """Send what was kept back."""
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)

    def close(self) -> None:
        """Send what was kept back, and close."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """As the transport's."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """As the transport's."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport's."""
        return self._transport.get_extra_info(name, default)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits on a request's head."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_since: float | None = None
        self._head_bytes = 0
        self._closing_since: float | None = None
        self._joining: JoiningTransport | None = None
        self._verbs = Verbs()
        self._body_bytes: int | None = None
        self.place: Place | None = None
        """Counts this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected, and owes a head."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.transport = self._joining = JoiningTransport(self.transport)
        self._head_since = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        if self.place is not None:
            self.place.close()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; with no request under way, they belong to a head."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation forgets the time before the first.
        if self._head_since is None and (cycle is None or cycle.response_complete):
            self._head_since = self.loop.time()
            self._head_bytes = 0
        size = len(data)
        if not self._verbs.between:
            left = self._body_left()
            if 0 < left < size:
                # Who was answered before the body had come has sent the next request behind it.
                super().data_received(data[:left])
                data = data[left:]
        data = self._verbs.incoming(data)
        if data:
            super().data_received(data)
        if self._head_since is not None:
            self._head_bytes += size
            if self._head_bytes > MAX_HEAD_BYTES:
                self._cut_off(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_since = None
        self._body_bytes = 0
        super().on_headers_complete()
        self.scope["method"] = self._verbs.method(self.scope["method"])
        scope = cast("Scope", self.scope)
        scope[AT_ONCE] = partial(_answer_at_once, self.cycle, self._joining)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._verbs.between = False
        self._body_bytes = None
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """A part of a request's body."""
        assert self._body_bytes is not None, "a body comes behind its head"
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._verbs.between = True
        super().on_message_complete()

    def _body_left(self) -> int:
        """How many bytes of the request's body are still to come; 0 where that can't be told."""
        if self._body_bytes is None:
            return 0  # The head isn't whole.
        length = next((value for name, value in self.scope["headers"] if name == b"content-length"), None)
        return 0 if length is None else int(length) - self._body_bytes

    def send_400_response(self, msg: str) -> None:
        """Answer what isn't HTTP."""
        self._cut_off(_REFUSED)

    def on_response_complete(self) -> None:
        """The answer has been written."""
        if self._joining is not None:
            self._joining.flush()
        super().on_response_complete()

    def sweep(self, now: float, head_seconds: float) -> None:
        """Cut off who is too slow with a head, or with taking the last answer of a closed connection."""
        if self.transport.is_closing():
            if self._closing_since is None:
                self._closing_since = now
            elif now - self._closing_since > _CLOSING_SECONDS:
                self.transport.abort()
        elif self._head_since is not None and now - self._head_since > head_seconds:
            self._cut_off(_NOT_IN_TIME if self._head_bytes else b"")

    def _cut_off(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            if answer:
                self.transport.write(answer)
            self.transport.close()


def _answer_at_once(cycle: RequestResponseCycle, transport: JoiningTransport | None, head: bytes, body: bytes) -> bool:
    """What ``cycle`` makes of the two messages of an answer, without a look at each of its headers."""
    if (
        transport is None
        or cycle.response_started
        or cycle.disconnected
        or cycle.flow.write_paused
        or not cycle.keep_alive
    ):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    transport.write_whole(b"".join((_OK, head, body)))
    cycle.message_event.set()
    cycle.on_response()
    return True


class _Server(Server):
    """uvicorn's server on a socket that is open already, without its signal handlers."""

    def __init__(self, config: UvicornConfig, listener: Listener, context: ssl.SSLContext | None, share: Share) -> None:
        super().__init__(config)
        self._listener = listener
        self._context = context
        self._share = share

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections on ``sockets``."""
        handshake = float(self._listener.http_read_header_timeout_seconds)
        acceptors = [
            Acceptor(opened, self._protocol, self._share, self._context, handshake) for opened in sockets or []
        ]
        self.servers = cast("list[asyncio.Server]", acceptors)  # It is only closed, as an acceptor can be too.
        self.started = True

    def _protocol(self, place: Place) -> BoundedProtocol:
        protocol = BoundedProtocol(config=self.config, server_state=self.server_state, app_state={})
        protocol.place = place
        return protocol

    async def on_tick(self, counter: int) -> bool:
        """uvicorn's tick, ten times a second."""
        if counter % _TICKS_PER_SWEEP == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.sweep(now, self._listener.http_read_header_timeout_seconds)
        return await super().on_tick(counter)


async def serve_plain(
    application: Application,
    listener: Listener,
    opened: socket.socket,
    context: ssl.SSLContext | None,
    stop: asyncio.Event,
    drain_seconds: float,
    share: Share,
) -> None:
    """Serve HTTP/1.1 on ``opened`` until ``stop`` is set and what is under way is answered, or ``drain_seconds``."""
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
    # At uvicorn's trace level it would log the headers of each request, tokens included.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = _Server(config, listener, context, share)

    async def leave() -> None:
        await stop.wait()
        server.should_exit = True

    leaving = asyncio.create_task(leave())
    try:
        await server.serve([opened])
    finally:
        leaving.cancel()
        left = list(server.server_state.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
