"""HTTP/2 connection: h2 on asyncio's transports, with bounds on frames, on streams, and on what closed ones leave.

h2 has the protocol's rules and no input or output; this joins it to a transport and an ASGI application. Frames are
counted before h2 reads them (``http2/frames``). A stream that is reset before its application's start never starts it,
and what is left of a reset stream is dropped at once. What a client has sent is handled in turns of a bounded size,
and streams with data to send take turns, so that one client can't keep others waiting.

A request whose body has arrived is begun in the turn that reads it, and mostly answered in it (``http1/eager``); all
frames of a turn leave in one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import cast

from h2 import events, exceptions
from h2.errors import ErrorCodes
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from server.listeners.asgi import CLIENT_CERTIFICATE, KEPT, WHOLE_BODY, Application, Scope
from server.listeners.connection_budget import Slot
from server.listeners.deadlines import CLOSING_SECONDS
from server.listeners.head_limits import head_fault
from server.listeners.http1.eager import begin
from server.listeners.http2.codec import MAX_STREAMS, BoundedConnection
from server.listeners.http2.frames import UNPACKED_BYTES, FrameMeter
from server.listeners.http2.scope import request_scope
from server.listeners.http2.sender import Sender
from server.listeners.http2.stream import Stream
from server.listeners.tls import client_certificate

_log = logging.getLogger(__name__)

STREAMS_PER_TURN = 16
"""The most streams begun before other tasks get their turn."""

_BYTES_PER_TURN = 16 * 1024
"""The bytes read before other tasks get their turn: about a thousand of the smallest frames."""


@dataclass(slots=True)
class Service:
    """Settings and state that the connections of a listener share."""

    application: Application
    head_seconds: float
    """The seconds for the first bytes of a connection."""

    idle_seconds: float
    """The seconds for which a connection without a request is kept."""

    date: tuple[bytes, bytes] = (b"date", b"")
    """The header of answers with the present time."""

    stopping: bool = False
    connections: set[Http2Connection] = field(default_factory=set)


class Http2Connection(asyncio.Protocol):
    """A connection, which holds ``place`` to its end."""

    def __init__(self, service: Service, place: Slot | None = None) -> None:
        self._service = service
        self._place = place
        self._loop = asyncio.get_running_loop()
        self.streams: dict[int, Stream] = {}
        """Requests that are neither answered nor reset."""

        self._meter = meter = FrameMeter(self.streams, self._loop.time)
        self.h2 = BoundedConnection(lambda size: meter.spend(size / UNPACKED_BYTES))
        self._scope: Scope = {}
        """What the scopes of all requests have in common."""

        self._certificate = b""
        self._unread = b""
        self._events: deque[events.Event] = deque()
        """What h2 has read and isn't handled yet."""

        self._unbegun: dict[int, tuple[Stream, Scope]] = {}
        """Streams whose applications start once their bodies have arrived, or all events are handled."""

        self.tasks: set[asyncio.Task[None]] = set()
        self.running = 0
        """How many requests haven't ended, those whose streams are gone among them."""

        self._deferred = False
        """Whether the rest of what was received waits for the next turn."""

        self._writable = True
        self._reading = True
        self._heard = False
        self._since = self._loop.time()
        """When it was made, or the last stream ended."""

        self._closing_since: float | None = None

    # The transport's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = made = cast("asyncio.Transport", transport)
        self._certificate = client_certificate(made)
        self._scope = {
            "type": "http",
            "http_version": "2",
            "asgi": {"version": "3.0", "spec_version": "2.1"},
            "scheme": "https" if is_ssl(made) else "http",
            "root_path": "",
            "client": get_remote_addr(made),
            "server": get_local_addr(made),
        }
        service = self._service
        self._sender = Sender(self.h2, made, self._meter, lambda: service.date, self._ended)
        service.connections.add(self)
        self.h2.initiate_connection()
        self._sender.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        if self._place is not None:
            self._place.close()
        self._service.connections.discard(self)
        self._drop_all()

    def data_received(self, data: bytes) -> None:
        """Handle frames, or keep them until those before have had their turns."""
        self._heard = True
        if self._closing_since is not None:
            return
        if self._deferred:
            self._unread += data
            return
        self._unread = data
        self._turn()

    def pause_writing(self) -> None:
        """The client doesn't read: nothing more is read from it either, since frames have answers."""
        self._writable = False
        self._sender.pause()
        self._read_or_pause()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._writable = True
        self._read_or_pause()
        self._sender.resume()

    # Receiving

    def _turn(self) -> None:
        """Handle what has been received, up to a bound; the rest follows in the next turn."""
        self._deferred = False
        self._sender.hold()
        if not self._events:
            self._receive()
        begun = 0
        while self._events and begun < STREAMS_PER_TURN:
            event = self._events.popleft()
            begun += isinstance(event, events.RequestReceived)
            self._handle(event)
        if not self._events:
            for number in list(self._unbegun):
                self._start(number, eager=False)
        self._sender.flush()
        if self._closing_since is None and (self._events or self._unread):
            self._deferred = True
            self._loop.call_soon(self._turn)
        self._read_or_pause()

    def _receive(self) -> None:
        """Let h2 read the next bytes, if their frames are allowed."""
        data, self._unread = self._unread[:_BYTES_PER_TURN], self._unread[_BYTES_PER_TURN:]
        fault = self._meter.fault(data)
        if fault is not None:
            with contextlib.suppress(exceptions.ProtocolError):
                self.h2.close_connection(fault)
            self._end()
            return
        try:
            self._events.extend(self.h2.receive_data(data))
        except exceptions.ProtocolError:  # h2 has prepared the reason.
            self._end()

    def _handle(self, event: events.Event) -> None:
        if isinstance(event, events.RequestReceived):
            self._begin(event)
        elif isinstance(event, events.DataReceived):
            self._take(event)
        elif isinstance(event, events.StreamEnded):
            stream = self.streams.get(event.stream_id)
            if stream is not None:
                stream.end()
                self._start(event.stream_id, eager=not self._events)
        elif isinstance(event, events.StreamReset):
            self._drop(event.stream_id)
        elif isinstance(event, events.WindowUpdated):
            stream = self.streams.get(event.stream_id or 0)
            if stream is not None:
                self._sender.opened((stream,))
            elif not event.stream_id:
                self._sender.opened(self.streams.values())
        elif isinstance(event, events.RemoteSettingsChanged):
            self._sender.opened(self.streams.values())
        elif isinstance(event, events.ConnectionTerminated):
            self._end()

    def _begin(self, request: events.RequestReceived) -> None:
        """Make a stream of ``request``, unless there are too many or the server is stopping."""
        number = request.stream_id
        kept = self.h2.kept.pop(number, None)
        if self._service.stopping or self.running >= MAX_STREAMS:
            self._sender.reset(number, ErrorCodes.REFUSED_STREAM)
            return
        scope = request_scope(self._scope, request.headers)
        if isinstance(scope, int):
            self._sender.refuse(number, scope)
            return
        scope["state"] = {CLIENT_CERTIFICATE: self._certificate} if self._certificate else {}
        if kept is not None and (kept or head_fault(scope) is None):
            scope[KEPT] = kept
        stream = self.streams[number] = Stream(self._sender, number, scope["method"])
        self._unbegun[number] = stream, scope
        self.running += 1

    def _start(self, number: int, *, eager: bool) -> None:
        """Start the application of a stream, unless that has been done.

        Only the last request of a turn may be begun ``eager``: others are tasks, which leave room for one another.
        """
        stream, scope = self._unbegun.pop(number, (None, {}))
        if stream is None:
            return
        if stream.ended:
            scope[WHOLE_BODY] = stream.whole_body()
            stream.restore()
        serving = self._serve(stream, scope)
        task = begin(self._loop, serving) if eager else self._loop.create_task(serving)
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _serve(self, stream: Stream, scope: Scope) -> None:
        try:
            if not stream.gone:  # It was reset before its start.
                await self._service.application(scope, stream.receive, stream.send)
        except Exception:  # noqa: BLE001 - as uvicorn does: logged, and answered 500
            _log.exception("exception in an application")
        finally:
            self.running -= 1
            self._finish(stream)

    def _finish(self, stream: Stream) -> None:
        """End a stream whose application has returned, if it left it open."""
        if stream.answered or stream.gone:
            return
        if stream.begun:
            self._sender.reset(stream.id, ErrorCodes.INTERNAL_ERROR)
        else:
            self._sender.refuse(stream.id, 500)
        self._drop(stream.id)

    def _take(self, event: events.DataReceived) -> None:
        """Keep a part of a body for its application."""
        data = event.data or b""
        length = event.flow_controlled_length or 0
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.feed(data)
            length -= len(data)  # Its padding
        self._sender.restore(event.stream_id, length)

    def _read_or_pause(self) -> None:
        wanted = self._writable and not self._deferred
        if wanted != self._reading and not self._transport.is_closing():
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    # Ends

    def _forget(self, stream: Stream) -> None:
        """Remove a stream that has ended; the window of its connection is restored by what is left of its body."""
        if self.streams.pop(stream.id, None) is not None:
            self._sender.forget(stream)
            stream.restore()
            self._since = self._loop.time()
            if self._service.stopping and not self.streams:
                self._loop.call_soon(self.close)

    def _ended(self, stream: Stream) -> None:
        """Remove a stream that is answered, or can't be."""
        if stream.answered:
            self._forget(stream)
        else:
            self._drop(stream.id)

    def _drop(self, number: int) -> None:
        """Remove a stream that was reset, with what it has not read and not sent."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.leave()
            self._forget(stream)
            if self._unbegun.pop(number, None) is not None:
                self.running -= 1

    def _drop_all(self) -> None:
        self._closing_since = self._closing_since or self._loop.time()
        self._events.clear()
        self._unread = b""
        for number in list(self.streams):
            self._drop(number)

    def _end(self) -> None:
        """Send what h2 has prepared, and close the connection."""
        self._drop_all()
        self._sender.flush()
        self._transport.close()

    def close(self) -> None:
        """Close the connection; no request is under way."""
        if self._closing_since is None and not self.streams:
            with contextlib.suppress(exceptions.ProtocolError):
                self.h2.close_connection()
            self._end()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def sweep(self, now: float) -> None:
        """Close it if it is idle, silent from the start, or too slow to read its last data."""
        if self._closing_since is not None:
            if now - self._closing_since > CLOSING_SECONDS:
                self.abort()
        elif not self._heard and now - self._since > self._service.head_seconds:
            self.abort()
        elif now - self._since > self._service.idle_seconds:
            self.close()
