"""uvicorn with httptools and uvloop: HTTP/1.1 with and without TLS, as fast as Python serves it.

uvicorn has no limit on the time or the size of a request's head, and sets a timer behind each answer.
``BoundedProtocol`` writes down since when a head is awaited or a connection idle; the server's own tick looks through
the connections twice a second, so that requests pay for no timer. Heads that were read before aren't parsed again
(``known_heads``). uvicorn takes fields behind a body for headers, which here they aren't. It also writes head and body
of an answer one by one; ``JoiningTransport`` makes one write, one packet and one wake-up of the client of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from uvicorn import Config as UvicornConfig
from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.config import Listener
from server.headers import SECURITY, header_lines
from server.listeners.asgi import AT_ONCE, CLIENT_CERTIFICATE, WHOLE_BODY, Application, Scope
from server.listeners.deadlines import SWEEP_SECONDS
from server.listeners.eager import begin
from server.listeners.known_heads import KnownHead, KnownHeads
from server.listeners.misdirected import begins_tls, note_tls
from server.listeners.share import Place
from server.listeners.tls import client_certificate
from server.listeners.verbs import Verbs

MAX_HEAD_BYTES = 1024 * 1024
"""The longest head of a request, and the most that may come behind its body; more is answered 431."""

_MAX_FIELDS = 1_000
"""How many headers of a head that isn't whole yet are kept; each takes far more memory than it has bytes."""

_TICKS_PER_SWEEP = round(SWEEP_SECONDS / 0.1)
_CLOSING_SECONDS = 10.0


def _closing(status: bytes) -> bytes:
    """An answer without a body, behind which the connection is closed."""
    headers = (*SECURITY, (b"connection", b"close"), (b"content-length", b"0"))
    return b"HTTP/1.1 %s\r\n%s\r\n" % (status, header_lines(headers))


_OK = b"HTTP/1.1 200 OK\r\n"
_REFUSED = _closing(b"400 Bad Request")
_NOT_IN_TIME = _closing(b"408 Request Timeout")
_TOO_LARGE = _closing(b"431 Request Header Fields Too Large")


def _is_head(data: bytes) -> bool:
    """Whether ``data``, one write of uvicorn, is the head of a final answer, and so something will follow it.

    An interim answer (100, 101) is not: the client waits for it. A body may look like a head; it may be held back as
    long as the end of the answer sends it.
    """
    return data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1")


class JoiningTransport(asyncio.Transport):
    """A transport that keeps the head of an answer back until something follows it, or ``flush``."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data`` behind what was kept back, or keep it back if it looks like a head."""
        data = bytes(data)
        if _is_head(data):
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

    def __init__(self, *arguments: Any, known_heads: KnownHeads, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._known_heads = known_heads
        self._application = cast("Any", self.app)
        self._first: bytes | None = None
        self._head_since: float | None = None
        self._loose_bytes = 0
        """What has come since the last head or part of a body: of a head, or of fields behind a body."""

        self._idle_since: float | None = None
        self._closing_since: float | None = None
        self._joining: JoiningTransport | None = None
        self._verbs = Verbs()
        self._body_bytes: int | None = None
        self.place: Place | None = None
        """Counts this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected, and owes a head."""
        super().connection_made(cast("asyncio.Transport", transport))
        if certificate := client_certificate(transport):
            self.app_state = {CLIENT_CERTIFICATE: certificate}
        self.transport = self._joining = JoiningTransport(self.transport)
        self._head_since = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        if self.place is not None:
            self.place.close()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; with no request under way, they belong to a head."""
        self._idle_since = None
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation forgets the time before the first.
        if cycle is None or cycle.response_complete:
            if self._verbs.at_start and not self.transport.is_closing():
                known = self._known_heads.find(data)
                if known is not None:
                    self._begin(*known)
                    return
                self._first = data
            if self._head_since is None:
                self._head_since = self.loop.time()
        self._loose_bytes += len(data)
        if not self._verbs.between:
            left = self._body_left()
            if 0 < left < len(data):
                # Who was answered before the body had come has sent the next request behind it.
                super().data_received(data[:left])
                data = data[left:]
        data = self._verbs.incoming(data)
        if data:
            super().data_received(data)
        if self._loose_bytes > MAX_HEAD_BYTES or len(self.headers or ()) > _MAX_FIELDS:
            self._cut_off(_TOO_LARGE)

    def _begin(self, known: KnownHead, body: bytes) -> None:
        """Do what the parser's callbacks would have done by the end of a request."""
        self._head_since = None
        scope: Any = {**known.scope, "server": self.server, "client": self.client, "state": self.app_state.copy()}
        self.scope = scope
        ready = asyncio.Event()
        self.cycle = cycle = RequestResponseCycle(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            self.access_log,
            self.server_state.default_headers,
            ready,
            False,  # No 100 (Continue) is expected,
            True,  # and the connection is kept.
            self.on_response_complete,
        )
        cycle.body += body
        cycle.more_body = False
        ready.set()
        scope[WHOLE_BODY] = body
        scope[AT_ONCE] = partial(_answer_at_once, cycle, self._joining)
        task = begin(self.loop, cycle.run_asgi(self._application))
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_since = None
        self._loose_bytes = self._body_bytes = 0
        super().on_headers_complete()
        # For what comes behind the body, and is no header (RFC 9110, 6.5.1): proxies needn't have looked at it.
        self.headers = []
        self.scope["method"] = self._verbs.method(self.scope["method"])
        scope = cast("Scope", self.scope)
        if self._first is not None:
            self._known_heads.add(self._first, scope)
            self._first = None
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
        self._loose_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._verbs.between = True
        self._loose_bytes = 0
        super().on_message_complete()

    def _body_left(self) -> int:
        """How many bytes of the request's body are still to come; 0 where that can't be told."""
        if self._body_bytes is None:
            return 0  # The head isn't whole.
        length = next((value for name, value in self.scope["headers"] if name == b"content-length"), None)
        return 0 if length is None else int(length) - self._body_bytes

    def send_400_response(self, msg: str) -> None:
        """Answer what isn't HTTP."""
        if begins_tls(self._first or b""):
            note_tls(self.client[0] if self.client else "")
        self._cut_off(_REFUSED)

    def on_response_complete(self) -> None:
        """The answer has been written."""
        if self._joining is not None:
            self._joining.flush()
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        # As there, but for the timer that ends the connection if it stays idle.
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()

    def sweep(self, now: float, head_seconds: float) -> None:
        """Cut off who is idle, or too slow with a head or with taking the last answer of a closed connection."""
        if self.transport.is_closing():
            if self._closing_since is None:
                self._closing_since = now
            elif now - self._closing_since > _CLOSING_SECONDS:
                self.transport.abort()
        elif self._head_since is not None and now - self._head_since > head_seconds:
            self._cut_off(_NOT_IN_TIME if self._loose_bytes else b"")
        elif self._idle_since is not None and now - self._idle_since > self.timeout_keep_alive:
            self.transport.close()

    def _cut_off(self, answer: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        unanswered = cycle is not None and not cycle.response_complete
        amid = unanswered and (self.cycle.response_started or bool(self.pipeline))
        if not self.transport.is_closing():
            if answer and not amid:
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
    """uvicorn's server without sockets and signal handlers of its own."""

    def __init__(self, config: UvicornConfig, head_seconds: float) -> None:
        super().__init__(config)
        self._head_seconds = head_seconds

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing: connections are handed in."""
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
    """Serves HTTP/1.1 on the connections it is handed."""

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
        # At uvicorn's trace level it would log the headers of each request, tokens included.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        self._server = _Server(config, listener.http_read_header_timeout_seconds)
        self._known_heads = KnownHeads()

    def connect(self, place: Place) -> BoundedProtocol:
        """The protocol of a new connection, which has ``place``."""
        server = self._server
        protocol = BoundedProtocol(
            config=server.config, server_state=server.server_state, app_state={}, known_heads=self._known_heads
        )
        protocol.place = place
        return protocol

    async def serve(self, stop: asyncio.Event) -> None:
        """Until ``stop``; then until what is under way is answered, or the time to drain is over."""

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
