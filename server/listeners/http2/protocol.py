"""hypercorn's HTTP/2 with bounds: on frames, on streams, and on the resources of closed ones.

hypercorn passes on every event of h2, stops reading the connection while an application is slow to read its body, and
keeps the data of reset streams. Here, frames are counted first (``http2/frames``), a stream reset before its
application's start never starts it, and the data of reset streams is dropped at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, TypeAlias, cast

from h2 import events, exceptions
from h2.errors import ErrorCodes
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol, StreamBuffer
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.utils import filter_pseudo_headers, suppress_body

from server.listeners.asgi import KEPT, WHOLE_BODY, Application, Scope
from server.listeners.head_limits import head_fault
from server.listeners.http1.eager import begin
from server.listeners.http2.codec import MAX_STREAMS, BoundedConnection
from server.listeners.http2.frames import REGAINED_PER_ANSWER, REGAINED_PER_DATA_FRAME, UNPACKED_BYTES, FrameMeter
from server.listeners.http2.streams import Inbox, Rotation
from server.runtime.identifiers import new_request_id

Headers: TypeAlias = list[tuple[bytes, bytes]]

STREAMS_PER_TURN = 16
"""The most streams begun before other tasks get their turn."""


class BoundedHttp2(H2Protocol):
    """One HTTP/2 connection. Its application is a plain ASGI application, without hypercorn's wrapper."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._meter = meter = FrameMeter(self.streams, asyncio.get_running_loop().time)
        self.connection: BoundedConnection = BoundedConnection(lambda size: meter.spend(size / UNPACKED_BYTES))
        self.priority = cast("Any", Rotation())
        self._inboxes: dict[int, Inbox] = {}
        self._running = 0
        """How many applications haven't returned, those whose streams are gone among them."""

    async def handle(self, event: Event) -> None:
        """Handle received data, or the end of the connection."""
        if isinstance(event, Closed):
            await self._close()
        elif isinstance(event, RawData) and not self.closed:
            fault = self._meter.fault(event.data)
            if fault is None:
                try:
                    received = self.connection.receive_data(event.data)
                except exceptions.ProtocolError:
                    await self._end()
                else:
                    await self._handle_events(received)
            else:
                with contextlib.suppress(exceptions.ProtocolError):
                    self.connection.close_connection(fault)
                await self._end()

    async def _end(self) -> None:
        """Send the reason of the close, as prepared by h2, and close the connection."""
        await self._flush()
        await self._close()
        await self.send(Closed())

    async def _close(self) -> None:
        self.closed = True
        for stream_id in list(self.streams):
            await self._close_stream(stream_id)
        for stream_id in list(self.stream_buffers):
            await self._drop_answer(stream_id)
        await self.has_data.set()

    async def _handle_events(self, received: list[events.Event]) -> None:
        begun, whole = 0, _whole_bodies(received)
        for event in received:
            if self.closed:
                return
            if isinstance(event, events.RequestReceived):
                await self._begin(event, whole)
                begun += 1
                if begun % STREAMS_PER_TURN == 0:
                    await asyncio.sleep(0)
            elif isinstance(event, events.DataReceived):
                if event.stream_id in whole:  # The application has it; padding is left.
                    await self.taken(event.stream_id, event.flow_controlled_length - len(event.data or b""))
                else:
                    await self._take(event)
            elif isinstance(event, events.StreamEnded):
                if event.stream_id in self.streams and event.stream_id not in whole:
                    await self.streams[event.stream_id].handle(EndBody(stream_id=event.stream_id))
            elif isinstance(event, events.StreamReset):
                await self._close_stream(event.stream_id)
                await self._drop_answer(event.stream_id)
                await self.send(Updated(idle=self.idle))
            elif isinstance(event, events.WindowUpdated):
                await self._window_updated(event.stream_id)
            elif isinstance(event, events.RemoteSettingsChanged):
                await self._window_updated(None)
            elif isinstance(event, events.ConnectionTerminated):
                await self._end()
        await self._flush()

    async def _begin(self, request: events.RequestReceived, whole: dict[int, bytes]) -> None:
        """Begin the stream of ``request``, unless there are too many or the server is stopping.

        ``whole`` are the bodies that have arrived; that of a request which isn't begun is removed.
        """
        stream_id = request.stream_id
        kept = self.connection.kept.pop(stream_id, None)
        if self.context.terminated.is_set() or self._running >= MAX_STREAMS:
            self.connection.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM)
        else:
            await self._create_stream(request)
        stream = self.streams.get(stream_id)
        if stream is None:
            whole.pop(stream_id, None)
        else:
            self._start(cast("_Stream", stream), whole.get(stream_id), kept)
        await self.send(Updated(idle=self.idle))

    async def _create_stream(self, request: events.RequestReceived) -> None:
        stream_id = request.stream_id
        pseudo = {name: value for name, value in request.headers if name.startswith(b":")}
        method, path = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
        if method == b"CONNECT":
            self._refuse(stream_id, 405)  # CONNECT isn't supported.
            return
        if not method.isascii() or not path.isascii() or not path:
            self._refuse(stream_id, 400)
            return
        self.streams[stream_id] = stream = _Stream(self, stream_id)
        self.stream_buffers[stream_id] = StreamBuffer(self.context.event_class)
        self.priority.insert_stream(stream_id)
        await stream.handle(
            Request(
                stream_id=stream_id,
                headers=filter_pseudo_headers(request.headers),
                http_version="2",
                method=method.decode("ascii"),
                raw_path=path,
                state=self.connection_state,
            )
        )

    def _refuse(self, stream_id: int, status: int) -> None:
        """Answer a request that doesn't reach the application."""
        with contextlib.suppress(exceptions.ProtocolError):
            own = (b"x-vault-request-id", new_request_id().encode())
            self.connection.send_headers(
                stream_id, [(b":status", b"%d" % status), own, (b"content-length", b"0")], end_stream=True
            )

    async def _take(self, event: events.DataReceived) -> None:
        """Handle a part of a body; the window is restored once the application has read it."""
        data = event.data or b""
        stream = self.streams.get(event.stream_id)
        if stream is None:
            await self.taken(event.stream_id, event.flow_controlled_length)  # It was answered already.
            return
        await stream.handle(Body(stream_id=event.stream_id, data=data))
        await self.taken(event.stream_id, event.flow_controlled_length - len(data))

    async def taken(self, stream_id: int, size: int) -> None:
        """Restore the windows by ``size`` bytes."""
        if size and not self.closed:
            with contextlib.suppress(exceptions.ProtocolError):
                self.connection.acknowledge_received_data(size, stream_id)
            await self._flush()

    async def stream_send(self, event: StreamEvent) -> None:
        """Send an application's event on its stream."""
        if isinstance(event, StreamClosed):
            buffer = self.stream_buffers.get(event.stream_id)
            if buffer is not None and not buffer._complete:  # It was aborted within its answer.
                with contextlib.suppress(exceptions.ProtocolError):
                    self.connection.reset_stream(event.stream_id, ErrorCodes.INTERNAL_ERROR)
                await self._drop_answer(event.stream_id)
                await self._flush()
        await super().stream_send(event)

    async def _close_stream(self, stream_id: int) -> None:
        await super()._close_stream(stream_id)
        inbox = self._inboxes.pop(stream_id, None)
        if inbox is not None:
            await self.taken(stream_id, inbox.left())

    async def _drop_answer(self, stream_id: int) -> None:
        """Drop unsent data of a stream that was reset."""
        self.priority.remove_stream(stream_id)
        buffer = self.stream_buffers.pop(stream_id, None)
        if buffer is not None:
            await buffer.close()

    async def _send_data(self, stream_id: int) -> None:
        buffer = self.stream_buffers.get(stream_id)
        if buffer is None:
            self.priority.remove_stream(stream_id)
            return
        try:
            room = min(self.connection.local_flow_control_window(stream_id), self.connection.max_outbound_frame_size)
            if buffer.buffer and room <= 0:
                self.priority.block(stream_id)  # Later writers wait, since the buffer isn't drained.
                return
            data = await buffer.pop(max(room, 0))
            if data:
                self.connection.send_data(stream_id, data, end_stream=buffer.complete)
                self._meter.earn(REGAINED_PER_DATA_FRAME)
            elif buffer.complete:
                self.connection.end_stream(stream_id)
            else:
                self.priority.block(stream_id)
            await self._flush()
            if buffer.complete:
                self._meter.earn(REGAINED_PER_ANSWER)
                await self._drop_answer(stream_id)
        except exceptions.ProtocolError:  # The stream has ended, or the connection has.
            await self._drop_answer(stream_id)

    async def answer(self, stream_id: int, status: int, headers: Headers, body: bytes) -> bool:
        """Send a whole answer in one piece; False if there is no room for it at present."""
        connection = self.connection
        try:
            if len(body) > min(connection.local_flow_control_window(stream_id), connection.max_outbound_frame_size):
                return False
            connection.send_headers(stream_id, [(b":status", b"%d" % status), *headers], end_stream=not body)
            if body:
                connection.send_data(stream_id, body, end_stream=True)
                self._meter.earn(REGAINED_PER_DATA_FRAME)
            self._meter.earn(REGAINED_PER_ANSWER)
        except exceptions.ProtocolError:
            return False  # The stream has ended, or the connection has.
        await self._drop_answer(stream_id)
        await self._flush()
        return True

    def receive(self, stream_id: int) -> Inbox:
        """The inbox of a request's body."""
        inbox = self._inboxes[stream_id] = Inbox(lambda size: self.taken(stream_id, size))
        return inbox

    def _start(self, stream: _Stream, whole: bytes | None, kept: dict[str, Any] | None) -> None:
        """Start the application: at once for a request that has arrived ``whole``, otherwise in a task."""
        scope, inbox = cast("Scope", stream.scope), self._inboxes[stream.stream_id]
        self._running += 1
        if kept is not None and (kept or head_fault(scope) is None):
            scope[KEPT] = kept
        if whole is None:
            self.task_group.spawn(self._run, stream, inbox, scope)
            return
        scope[WHOLE_BODY] = whole
        inbox.fill(whole)
        rest = begin(asyncio.get_running_loop(), self._run(stream, inbox, scope))
        if rest is not None:
            self.task_group.spawn(asyncio.wait_for, rest, None)

    async def _run(self, stream: _Stream, inbox: Inbox, scope: Scope) -> None:
        try:
            if not stream.closed:  # It was reset before its start.
                await cast("Application", self.app)(scope, inbox.get, stream.app_send)
        except Exception:  # noqa: BLE001 - as uvicorn does: logged, and answered 500
            await self.config.log.exception("Error in ASGI Framework")
        finally:
            self._running -= 1
            await stream.app_send(None)


class _Stream(HTTPStream):
    """hypercorn's stream; sends an answer in one piece where it can. Its protocol starts the application."""

    def __init__(self, protocol: BoundedHttp2, stream_id: int) -> None:
        super().__init__(
            protocol.app,
            protocol.config,
            protocol.context,
            cast("Any", self),
            protocol.ssl,
            protocol.client,
            protocol.server,
            protocol.stream_send,
            stream_id,
        )
        self._protocol = protocol
        self._start: Any = None
        """The beginning of an answer whose length is known, which waits for the body."""

    async def spawn_app(self, app: Any, config: Any, scope: Any, send: Any) -> Any:
        """As hypercorn's task group; returns the callable that takes the application's messages."""
        return self._protocol.receive(self.stream_id).put

    async def _send_error_response(self, status_code: int) -> None:
        """As hypercorn's, with the id of a request, as all answers have, and without a field of HTTP/1.1."""
        headers = [(b"content-length", b"0"), (b"x-vault-request-id", new_request_id().encode())]
        await self.send(Response(stream_id=self.stream_id, headers=headers, status_code=status_code))
        await self.send(EndBody(stream_id=self.stream_id))
        self.state = ASGIHTTPState.CLOSED

    async def app_send(self, message: Any) -> None:
        """As hypercorn's."""
        if self._start is None:
            if message is not None and message["type"] == "http.response.start" and _has_length(message["headers"]):
                self._start = message
            else:
                await super().app_send(message)
            return
        start, self._start = self._start, None
        if message is None:  # It has failed between the two, so nothing is sent of it.
            await super().app_send(None)
        elif message.get("more_body", False) or not await self._answer(start, message.get("body", b"")):
            await super().app_send(start)
            await super().app_send(message)

    async def _answer(self, start: Any, body: bytes) -> bool:
        status = start["status"]
        headers = [*start["headers"], *self.config.response_headers("h2")]
        if suppress_body(self.scope["method"], status):
            body = b""
        if self.closed or not await self._protocol.answer(self.stream_id, status, headers, body):
            return False
        self.response, self.state = start, ASGIHTTPState.CLOSED
        await self.send(StreamClosed(stream_id=self.stream_id))
        return True


def _whole_bodies(received: list[events.Event]) -> dict[int, bytes]:
    """The bodies of requests that are in ``received`` from their beginning to their end, and not reset there."""
    begun: dict[int, bytearray] = {}
    whole: dict[int, bytes] = {}
    for event in received:
        if isinstance(event, events.RequestReceived):
            begun[event.stream_id] = bytearray()
        elif isinstance(event, events.DataReceived):
            if event.stream_id in begun:
                begun[event.stream_id] += event.data or b""
        elif isinstance(event, events.StreamEnded):
            if event.stream_id in begun:
                whole[event.stream_id] = bytes(begun.pop(event.stream_id))
        elif isinstance(event, events.StreamReset):
            whole.pop(event.stream_id, None)
    return whole


def _has_length(headers: Headers) -> bool:
    return any(name == b"content-length" for name, _ in headers)
