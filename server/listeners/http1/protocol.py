"""HTTP/1.1 connection: uvicorn's protocol with httptools and uvloop, with and without TLS.

uvicorn has no limit on the time or the size of a request's head, and sets a timer after each answer.
``BoundedProtocol`` records since when a head is awaited or a connection idle; the server's tick checks the connections
twice a second, so requests cost no timer. Cached heads aren't parsed again (``head_cache``). Trailer fields, which
uvicorn takes for headers, are ignored.

uvicorn parses all pipelined requests at once. Here, a connection has one request at a time: bytes behind it wait
unparsed (``framing``), and nothing more is read from the connection meanwhile.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.listeners.accept import closing_answer
from server.listeners.asgi import AT_ONCE, CLIENT_CERTIFICATE, WHOLE_BODY, Scope
from server.listeners.connection_budget import Slot
from server.listeners.deadlines import CLOSING_SECONDS
from server.listeners.head_limits import MAX_FIELDS, MAX_HEAD_BYTES, TOO_LARGE
from server.listeners.http1.eager import begin
from server.listeners.http1.framing import Framing
from server.listeners.http1.head_cache import CachedHead, HeadCache
from server.listeners.http1.joining_transport import JoiningTransport
from server.listeners.http1.methods import Methods
from server.listeners.misdirected import begins_tls, note_tls
from server.listeners.tls import client_certificate

_DISCARDING_SECONDS = 1.0
"""The seconds for which a refused client may go on sending. Closing at once would make its system drop the answer."""

_MAX_DISCARDED_BYTES = 1024 * 1024

_HANDED_ON_BYTES = 16 * 1024
"""From which size on a part of a body isn't joined with others."""

_OK = b"HTTP/1.1 200 OK\r\n"
_REFUSED = closing_answer(b"400 Bad Request", "the request is not valid HTTP/1.1")
_NOT_IN_TIME = closing_answer(b"408 Request Timeout", "the head of the request was not received in time")
_TOO_LARGE = closing_answer(b"431 Request Header Fields Too Large", TOO_LARGE)
_OTHER_VERSION = closing_answer(b"505 HTTP Version Not Supported", "the server speaks HTTP/1.1 here")
_VERSIONS = ("1.1", "1.0")


class _Refused(Exception):
    """Ends parsing: the request is answered already, or the connection is to be closed."""


class _Flow(FlowControl):
    """Flow control of a connection that isn't read from while read bytes wait."""

    waits = False

    def resume_reading(self) -> None:
        """As uvicorn's, unless bytes wait."""
        if not self.waits:
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits on a request's head, and one request at a time."""

    def __init__(self, *arguments: Any, head_cache: HeadCache, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_cache = head_cache
        self._application = cast("Any", self.app)
        self._first: bytes | None = None
        """The bytes of the head that is being parsed, if they came in one piece."""

        self._head_since: float | None = None
        self._loose_bytes = 0
        """What has come since the last head or part of a body: of a head, or of fields behind a body."""

        self._idle_since: float | None = None
        self._closing_since: float | None = None
        self._discarding_since: float | None = None
        self._discarded_bytes = 0
        self._joining: JoiningTransport | None = None
        self._methods = Methods()
        self._framing = Framing()
        self._waiting = b""
        """What was read behind the request under way, from ``_waiting_start`` on."""

        self._waiting_start = 0
        self._refusal: bytes | None = None
        """What is answered to the request that has ended the parser; nothing if that is empty."""

        self.place: Slot | None = None
        """Counts this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected; its first head is awaited."""
        super().connection_made(cast("asyncio.Transport", transport))
        if certificate := client_certificate(transport):
            self.app_state = {CLIENT_CERTIFICATE: certificate}
        self.flow = _Flow(self.transport)
        self.transport = self._joining = JoiningTransport(self.transport)
        self._head_since = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        if self.place is not None:
            self.place.close()
        self._waiting = b""
        self._unbind()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handle bytes of a head or a body, or keep those behind the request under way."""
        self._idle_since = None
        if self._discarding_since is not None:
            self._discarded_bytes += len(data)
            if self._discarded_bytes > _MAX_DISCARDED_BYTES:
                self.transport.close()
        elif self._waiting:
            self._hold(data, 0)
        else:
            if self._methods.at_start and not self._busy and not self.transport.is_closing():
                known = self._head_cache.find(data)
                if known is not None:
                    self._begin(*known)
                    return
            self._feed(data, 0)

    @property
    def _busy(self) -> bool:
        """Whether a request is complete and not yet answered."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation omits None, before the first.
        return cycle is not None and not cycle.response_complete and self._methods.between

    def _hold(self, data: bytes, start: int) -> None:
        """Keep ``data`` from ``start`` on until the request under way is answered, and pause reading."""
        if self._waiting:
            data, start = self._waiting[self._waiting_start :] + data[start:], 0
        self._waiting, self._waiting_start = data, start
        cast("_Flow", self.flow).waits = True
        self.flow.pause_reading()

    def _go_on(self) -> None:
        """Parse the bytes that have waited."""
        data, start, self._waiting = self._waiting, self._waiting_start, b""
        cast("_Flow", self.flow).waits = False
        if data and not self.transport.is_closing():
            self._feed(data, start)
            self.flow.resume_reading()

    def _feed(self, data: bytes, start: int) -> None:
        """Parse ``data`` from ``start`` on, up to the end of a request."""
        while start < len(data) and not self.transport.is_closing() and self._discarding_since is None:
            if self._busy:
                self._hold(data, start)
                return
            end = self._framing.end(data, start)
            self._parse(data if end - start == len(data) else data[start:end])
            start = end

    def _parse(self, piece: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if self._head_since is None and (cycle is None or cycle.response_complete):
            self._head_since = self.loop.time()
        self._loose_bytes += len(piece)
        if self._framing.in_head:
            if self._loose_bytes > MAX_HEAD_BYTES:
                self._cut_off(_TOO_LARGE())
                return
            self._first = piece if self._methods.at_start else None
        piece = self._methods.incoming(piece)
        if piece:
            super().data_received(piece)
        if self._loose_bytes > MAX_HEAD_BYTES or len(self.headers or ()) > MAX_FIELDS:
            self._cut_off(_TOO_LARGE())

    def _begin(self, known: CachedHead, body: bytes) -> None:
        """Do what the parser's callbacks do up to the end of a request."""
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
            False,  # No 100 (Continue) is expected.
            True,  # The connection is kept alive.
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
        """The head is complete."""
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            # An HTTP/0.9 answer has no status to refuse with.
            self._refusal = b"" if version == "0.9" else _OTHER_VERSION()
            raise _Refused
        self._head_since = None
        self._loose_bytes = 0
        super().on_headers_complete()
        self._framing.head_complete(_body_bytes(self.headers))
        # For trailer fields, which are no headers (RFC 9110, 6.5.1): proxies needn't have checked them.
        self.headers = []
        self.scope["method"] = self._methods.method(self.scope["method"])
        scope = cast("Scope", self.scope)
        scope[AT_ONCE] = partial(self._answer_first, self.cycle, scope, self._first)
        self._first = None

    def _answer_first(
        self, cycle: RequestResponseCycle, scope: Scope, first: bytes | None, head: bytes, body: bytes
    ) -> bool:
        """As ``_answer_at_once``; also cache the request's head ``first``, since it was allowed."""
        if not _answer_at_once(cycle, self._joining, head, body):
            return False
        if first is not None:
            self._head_cache.add(first, scope)
        return True

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._busy:
            raise _Refused  # It came in the packet of a chunked body, whose end only the parser knows.
        self._methods.between = False
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """A part of a request's body."""
        self._framing.body(len(body))
        self._loose_bytes = 0
        cycle = self.cycle
        if len(body) >= _HANDED_ON_BYTES and not cycle.body and not cycle.response_complete:
            # To be handed on as it is: put into uvicorn's buffer and taken out of it, it would be copied twice.
            cycle.body = cast("bytearray", body)
            body = b""
        elif isinstance(cycle.body, bytes):
            cycle.body = bytearray(cycle.body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        self._methods.between = True
        self._framing.message_complete()
        self._loose_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, or a request that a callback of the parser refused."""
        if begins_tls(self._first or b""):
            note_tls(self.client[0] if self.client else "")
        if self._busy:
            self.cycle.keep_alive = False  # It is answered; no further request can be.
        else:
            self._cut_off(_REFUSED() if self._refusal is None else self._refusal)

    def on_response_complete(self) -> None:
        """The answer has been written."""
        self._unbind()
        if self._joining is not None:
            self._joining.flush()
        if self.transport.is_closing():
            super().on_response_complete()
            return
        # As uvicorn's, without the timer that closes an idle connection.
        self.server_state.total_requests += 1
        if self._waiting:
            self._go_on()  # The next request is a task, so others get their turn.
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        self._idle_since = self.loop.time()

    def _unbind(self) -> None:
        """Remove cyclic references from the scope, so that a request is freed as soon as it is over."""
        scope: Any = self.scope
        if scope is not None:
            scope.pop(AT_ONCE, None)

    def sweep(self, now: float, head_seconds: float) -> None:
        """Close connections that are idle, or too slow with a head or with reading a final answer."""
        if self.transport.is_closing():
            if self._closing_since is None:
                self._closing_since = now
            elif now - self._closing_since > CLOSING_SECONDS:
                self.transport.abort()
        elif self._discarding_since is not None:
            if now - self._discarding_since > _DISCARDING_SECONDS:
                self.transport.close()
        elif self._head_since is not None and now - self._head_since > head_seconds:
            self._cut_off(_NOT_IN_TIME() if self._loose_bytes else b"")
        elif self._idle_since is not None and now - self._idle_since > self.timeout_keep_alive:
            self.transport.close()

    def _cut_off(self, answer: bytes) -> None:
        """Send ``answer`` unless another has begun, and close the connection."""
        if self.transport.is_closing() or self._discarding_since is not None:
            return
        cycle: RequestResponseCycle | None = self.cycle
        unanswered = cycle is not None and not cycle.response_complete
        if answer and not (unanswered and self.cycle.response_started):
            self.transport.write(answer)
        if unanswered or not answer:
            self.transport.close()
            return
        self._discarding_since = self.loop.time()
        if self._joining is not None:
            self._joining.end()


def _body_bytes(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The length of the body that ``headers`` announce; None if it is chunked."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def _answer_at_once(cycle: RequestResponseCycle, transport: JoiningTransport | None, head: bytes, body: bytes) -> bool:
    """Send an answer as ``cycle`` does for its two messages, without checking each header."""
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
