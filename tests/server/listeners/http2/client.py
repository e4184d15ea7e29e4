"""A connection of HTTP/2 without sockets: the server's protocol, and h2's client that speaks to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import h2.connection
import h2.events
from h2.config import H2Configuration
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import ConnectionState

from server.listeners.asgi import Message, Receive, Scope, Send
from server.listeners.http2.protocol import BoundedHttp2

GET = [(":method", "GET"), (":path", "/v1/x"), (":scheme", "https"), (":authority", "x")]
POST = [(":method", "POST"), *GET[1:]]


async def turns(count: int = 10) -> None:
    """Let the event loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame, right or wrong (RFC 9113, section 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def _config() -> Config:
    """hypercorn's defaults, but for its log: one that hypercorn makes tells of INFO in the whole process."""
    config = Config()
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


class Http2Client:
    """The client; ``answers`` and ``bodies`` are by stream, ``scopes`` are of the requests that were begun."""

    def __init__(self) -> None:
        self.h2 = h2.connection.H2Connection(
            H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.h2.initiate_connection()
        self.protocol: BoundedHttp2 = cast("Any", None)
        self.answers: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: list[int] = []
        self.resets: dict[int, int] = {}
        self.goaway: int | None = None
        self.closed = False
        self.idle: list[bool] = []
        self.scopes: list[Scope] = []
        self.received: list[Message] = []
        self.gate: asyncio.Event | None = None
        """Holds the application back until it is set."""

        self.reads = True
        """Whether the application reads the body of a request before it answers."""

        self.answer = b"hello"

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        self.scopes.append(scope)
        if self.gate is not None:
            await self.gate.wait()
        more = self.reads
        while more:
            message = await receive()
            self.received.append(message)
            more = message.get("more_body", False)
        length = b"%d" % len(self.answer)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.answer})

    async def told(self, event: Event) -> None:
        """What the protocol says to its connection."""
        if isinstance(event, RawData):
            self._read(event.data)
        elif isinstance(event, Updated):
            self.idle.append(event.idle)
        elif isinstance(event, Closed):
            self.closed = True

    def _read(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                headers = [(bytes(name), bytes(value)) for name, value in _raw(event.headers)]
                self.answers[event.stream_id] = dict(headers)
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + (event.data or b"")
            elif isinstance(event, h2.events.StreamEnded):
                self.ended.append(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.resets[event.stream_id] = int(event.error_code)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = int(event.error_code or 0)

    async def send(self, data: bytes | None = None, *, turn: int = 10) -> None:
        """Hand the server ``data``, or what h2 has to send."""
        await self.protocol.handle(RawData(self.h2.data_to_send() if data is None else data))
        await turns(turn)

    def ask(self, stream_id: int, headers: Any = GET, *, end: bool = True) -> None:
        """Begin a request."""
        self.h2.send_headers(stream_id, headers, end_stream=end)

    def status(self, stream_id: int) -> int:
        """The status of an answer."""
        return int(self.answers[stream_id][b":status"])

    @property
    def left(self) -> int:
        """How many streams the protocol keeps anything of."""
        protocol = self.protocol
        return max(
            len(protocol.streams),
            len(protocol.stream_buffers),
            len(protocol._inboxes),
            len(cast("Any", protocol.priority)),
        )


def _raw(headers: Any) -> Any:
    return [(name.encode() if isinstance(name, str) else name, value.encode() if isinstance(value, str) else value)
            for name, value in headers]  # fmt: skip


@asynccontextmanager
async def connected() -> AsyncIterator[Http2Client]:
    """A client whose connection is set up; it goes away at the end."""
    client = Http2Client()
    async with TaskGroup(asyncio.get_running_loop()) as group:
        client.protocol = BoundedHttp2(
            client.serve, _config(), WorkerContext(None), group, ConnectionState(cast("Any", {})), True,
            ("127.0.0.1", 1), ("127.0.0.1", 2), client.told,
        )  # fmt: skip
        await client.protocol.initiate()
        await client.send()
        try:
            yield client
        finally:
            if client.gate is not None:
                client.gate.set()
            await client.protocol.handle(Closed())
