"""A connection of HTTP/2 without sockets: the server's protocol, and h2's client that speaks to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import h2.connection
import h2.events
from h2.config import H2Configuration

from server.listeners.asgi import Message, Receive, Scope, Send
from server.listeners.http2.connection import Http2Connection, Service

GET = [(":method", "GET"), (":path", "/v1/x"), (":scheme", "https"), (":authority", "x")]
POST = [(":method", "POST"), *GET[1:]]


async def turns(count: int = 10) -> None:
    """Let the event loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame, right or wrong (RFC 9113, section 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


class _Transport(asyncio.Transport):
    """Hands what the server writes to the client at once."""

    def __init__(self, client: Http2Client) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self._client = client

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._client.writes += 1
        self._client._read(bytes(data))

    def is_closing(self) -> bool:
        return self._client.closed

    def close(self) -> None:
        self._client.closed = True

    abort = close

    def pause_reading(self) -> None:
        assert not self._client.paused
        self._client.paused = True

    def resume_reading(self) -> None:
        assert self._client.paused
        self._client.paused = False


class Http2Client:
    """The client; ``answers`` and ``bodies`` are by stream, ``scopes`` are of the requests that were begun."""

    def __init__(self) -> None:
        self.h2 = h2.connection.H2Connection(
            H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self.h2.initiate_connection()
        self.service = Service(self.serve, 10.0, 60.0)
        self.protocol = Http2Connection(self.service)
        self.answers: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.parts: list[int] = []
        """The streams of DATA frames, in their order."""

        self.writes = 0
        self.ended: list[int] = []
        self.resets: dict[int, int] = {}
        self.goaway: int | None = None
        self.closed = False
        self.paused = False
        """Whether the server reads nothing at present."""

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

    def _read(self, data: bytes) -> None:
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                headers = [(bytes(name), bytes(value)) for name, value in _raw(event.headers)]
                self.answers[event.stream_id] = dict(headers)
            elif isinstance(event, h2.events.DataReceived):
                if event.data:
                    self.parts.append(event.stream_id)
                    self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, h2.events.StreamEnded):
                self.ended.append(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.resets[event.stream_id] = int(event.error_code)
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = int(event.error_code or 0)

    async def send(self, data: bytes | None = None, *, turn: int = 10) -> None:
        """Hand the server ``data``, or what h2 has to send, once it reads."""
        while self.paused and not self.closed:
            await asyncio.sleep(0)
        received = self.h2.data_to_send() if data is None else data
        asyncio.get_running_loop().call_soon(self.protocol.data_received, received)
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
        return max(len(protocol.streams), len(protocol._unbegun), len(protocol._sender._ready))


def _raw(headers: Any) -> Any:
    return [(name.encode() if isinstance(name, str) else name, value.encode() if isinstance(value, str) else value)
            for name, value in headers]  # fmt: skip


@asynccontextmanager
async def connected() -> AsyncIterator[Http2Client]:
    """A client whose connection is set up; it goes away at the end."""
    client = Http2Client()
    client.protocol.connection_made(_Transport(client))
    await client.send()
    try:
        yield client
    finally:
        if client.gate is not None:
            client.gate.set()
        client.protocol.connection_lost(None)
        await asyncio.gather(*client.protocol.tasks)
