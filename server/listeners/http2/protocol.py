"""hypercorn's HTTP/2 with bounds: on frames, on streams, and on the resources of closed ones.

hypercorn passes on every event of h2, stops reading the connection while an application is slow to read its body, and
keeps the data of reset streams. Here, frames are counted first (``http2/frames``), a stream reset before its
application's start never starts it, and the data of reset streams is dropped at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast

from h2 import events, exceptions
from h2.errors import ErrorCodes
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Request, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol, StreamBuffer
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.utils import filter_pseudo_headers

from server.listeners.asgi import Application, Scope
from server.listeners.http2.codec import MAX_STREAMS, BoundedConnection
from server.listeners.http2.frames import REGAINED_PER_ANSWER, REGAINED_PER_DATA_FRAME, UNPACKED_BYTES, FrameMeter
from server.listeners.http2.streams import Inbox, Rotation
from server.runtime.identifiers import new_request_id

STREAMS_PER_TURN = 16
"""The most streams begun before other tasks get their turn."""


class BoundedHttp2(H2Protocol):
    """One HTTP/2 connection. Its application is a plain ASGI application, without hypercorn's wrapper."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._meter = meter = FrameMeter(self.streams, asyncio.get_running_loop().time)
        self.connection = BoundedConnection(lambda size: meter.spend(size / UNPACKED_BYTES))
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
        begun = 0
        for event in received:
            if self.closed:
                return
            if isinstance(event, events.RequestReceived):
                await self._begin(event)
                begun += 1
                if begun % STREAMS_PER_TURN == 0:
                    await asyncio.sleep(0)
            elif isinstance(event, events.DataReceived):
                await self._take(event)
            elif isinstance(event, events.StreamEnded):
                if event.stream_id in self.streams:
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

    async def _begin(self, request: events.RequestReceived) -> None:
        """Begin the stream of ``request``, unless there are too many or the server is stopping."""
        if self.context.terminated.is_set() or self._running >= MAX_STREAMS:
            self.connection.reset_stream(request.stream_id, ErrorCodes.REFUSED_STREAM)
            return
        await self._create_stream(request)
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
        tasks = _Tasks(self, stream_id)
        stream = HTTPStream(
            self.app,
            self.config,
            self.context,
            cast("Any", tasks),
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            stream_id,
        )
        tasks.stream = self.streams[stream_id] = stream
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

    def begin_application(self, stream: HTTPStream, stream_id: int, scope: Scope, send: Any) -> Inbox:
        """Start a task for the application, and return the inbox of its request's body."""
        inbox = self._inboxes[stream_id] = Inbox(lambda size: self.taken(stream_id, size))
        self._running += 1
        self.task_group.spawn(self._run, stream, inbox, scope, send)
        return inbox

    async def _run(self, stream: HTTPStream, inbox: Inbox, scope: Scope, send: Any) -> None:
        try:
            if not stream.closed:  # It was reset before its start.
                await cast("Application", self.app)(scope, inbox.get, send)
        except Exception:  # noqa: BLE001 - as uvicorn does: logged, and answered 500
            await self.config.log.exception("Error in ASGI Framework")
        finally:
            self._running -= 1
            await send(None)


class _Tasks:
    """Replaces hypercorn's task group for a stream: starts the application of that stream."""

    __slots__ = ("_protocol", "_stream_id", "stream")

    def __init__(self, protocol: BoundedHttp2, stream_id: int) -> None:
        self._protocol = protocol
        self._stream_id = stream_id
        self.stream: HTTPStream | None = None

    async def spawn_app(self, app: Any, config: Any, scope: Any, send: Any) -> Any:
        """As hypercorn's; returns the callable that takes the application's messages."""
        assert self.stream is not None, "a stream is known before it begins"
        return self._protocol.begin_application(self.stream, self._stream_id, scope, send).put
