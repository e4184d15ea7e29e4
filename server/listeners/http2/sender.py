"""The sending side of an HTTP/2 connection: frames of answers, in turns and within the client's windows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from h2 import exceptions
from h2.errors import ErrorCodes

from server.listeners.http2.codec import BoundedConnection
from server.listeners.http2.frames import REGAINED_PER_ANSWER, REGAINED_PER_DATA_FRAME, FrameMeter
from server.listeners.http2.stream import Headers, Stream
from server.runtime.identifiers import new_request_id

FRAMES_PER_TURN = 64
"""The most frames of waiting answers sent before other tasks get their turn."""


class Sender:
    """Sends answers over ``transport``.

    What fits into the client's windows is sent at once. What doesn't stays in ``Stream.unsent``, and such streams take
    turns, a frame each. ``date`` gives the field with the present time. ``ended`` is called with a stream that is
    answered, or that can't be sent on any more.
    """

    def __init__(
        self,
        connection: BoundedConnection,
        transport: asyncio.Transport,
        meter: FrameMeter,
        date: Callable[[], tuple[bytes, bytes]],
        ended: Callable[[Stream], None],
    ) -> None:
        self._h2 = connection
        self._transport = transport
        self._meter = meter
        self._date = date
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._ready: dict[Stream, None] = {}
        """Streams that may have room for unsent data, in the order of their turns."""

        self._flush_due = False
        self._pump_due = False
        self._writable = True

    def head(self, stream: Stream, status: int, headers: Headers) -> None:
        """Send the head of an answer."""
        try:
            self._h2.send_headers(stream.id, [(b":status", b"%d" % status), *headers, self._date()])
        except exceptions.ProtocolError:  # The stream has ended, or the connection has.
            self._ended(stream)
        self.flush_soon()

    def body(self, stream: Stream, body: bytes, *, last: bool) -> None:
        """Send a part of an answer, as far as there is room; ``stream.unsent`` is the rest."""
        if not body and not last:
            return
        stream.last = last
        stream.unsent = memoryview(body)
        if self._ready or not self._writable:
            self._ready[stream] = None  # Behind others.
        elif self._frame(stream):
            self._ready[stream] = None
            self._pump()
        self.flush_soon()

    def refuse(self, number: int, status: int) -> None:
        """Answer a request that the application doesn't answer."""
        own = (b"x-vault-request-id", new_request_id().encode())
        with contextlib.suppress(exceptions.ProtocolError):
            self._h2.send_headers(
                number, [(b":status", b"%d" % status), own, (b"content-length", b"0")], end_stream=True
            )
        self.flush_soon()

    def reset(self, number: int, error: ErrorCodes) -> None:
        """End a stream without the rest of its answer."""
        with contextlib.suppress(exceptions.ProtocolError):
            self._h2.reset_stream(number, error)
        self.flush_soon()

    def restore(self, number: int, size: int) -> None:
        """Restore the windows of a stream and of the connection by ``size`` bytes."""
        if size:
            with contextlib.suppress(exceptions.ProtocolError):
                self._h2.acknowledge_received_data(size, number)
            self.flush_soon()

    def forget(self, stream: Stream) -> None:
        """Give ``stream`` no more turns."""
        self._ready.pop(stream, None)

    def opened(self, streams: Iterable[Stream]) -> None:
        """Go on with ``streams``, whose windows may have room now."""
        self._ready.update((stream, None) for stream in streams if stream.unsent is not None)
        self._pump()

    def pause(self) -> None:
        """Send no more data: the transport has enough."""
        self._writable = False

    def resume(self) -> None:
        """Go on."""
        self._writable = True
        self._pump()

    def _pump(self) -> None:
        """Send waiting data: a frame of each stream in turn."""
        self._pump_due = False
        for _ in range(FRAMES_PER_TURN):
            if not (self._ready and self._writable):
                return
            stream = next(iter(self._ready))
            del self._ready[stream]
            if self._frame(stream):
                self._ready[stream] = None
            self.flush()  # The transport tells if it has enough.
        if self._ready and not self._pump_due:
            self._pump_due = True
            self._loop.call_soon(self._pump)

    def _frame(self, stream: Stream) -> bool:
        """Send one frame of what ``stream`` has to send; return whether it may be able to send more."""
        unsent = stream.unsent
        if unsent is None:
            return False
        try:
            if not unsent:
                self._h2.end_stream(stream.id)
            else:
                room = min(self._h2.local_flow_control_window(stream.id), self._h2.max_outbound_frame_size)
                if room <= 0:
                    return False  # The next change of the window is awaited.
                part, unsent = unsent[:room], unsent[room:]
                self._h2.send_data(stream.id, part, end_stream=stream.last and not unsent)
                self._meter.earn(REGAINED_PER_DATA_FRAME)
        except exceptions.ProtocolError:
            self._ended(stream)
            return False
        if unsent:
            stream.unsent = unsent
            return True
        stream.unsent = None
        if stream.last:
            stream.answered = True
            self._meter.earn(REGAINED_PER_ANSWER)
            self._ended(stream)
        stream.wake()
        return False

    def hold(self) -> None:
        """Collect what is sent until ``flush``."""
        self._flush_due = True

    def flush_soon(self) -> None:
        """Write what is collected, after other tasks that are ready."""
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is collected."""
        self._flush_due = False
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
