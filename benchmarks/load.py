"""A load generator that costs little enough to share two cores with the server it measures.

Each connection keeps one request under way, over HTTP/1.1 with keep-alive, and sends prebuilt bytes. A response is
taken apart once; as long as the next ones have the same header block and length, they are recognised by comparing
bytes, which costs about a microsecond. Whatever is not a complete ``200`` is counted as a failure and shown: a
benchmark of refusals would be worthless.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

CONNECTIONS = 16

_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
_CONNECT_SECONDS = 10.0


class BadResponse(Exception):
    """The server sent what isn't an HTTP/1.1 response of a kind that is known here."""


@dataclass(slots=True)
class Load:
    """What came of sending requests for a while."""

    seconds: float
    latencies_seconds: array[float]
    """Of each response that was a complete 200, in order of arrival."""
    failures: dict[str, int] = field(default_factory=dict)
    """Status lines (or what else went wrong), and how often."""
    processor_seconds: float = 0.0
    """What the load generator itself used of a processor."""

    @property
    def per_second(self) -> float:
        """Good responses per second."""
        return len(self.latencies_seconds) / self.seconds

    def quantile_seconds(self, share: float) -> float:
        """The latency that ``share`` of the good responses stayed within; 0 if there were none."""
        if not self.latencies_seconds:
            return 0.0
        ordered = sorted(self.latencies_seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def build_request(method: str, path: str, host: str, body: bytes, token: str) -> bytes:
    """The bytes of one request, with the headers that a client library sends."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"X-Vault-Token: {token}",
        "X-Vault-Request: true",
        "Accept: */*",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def run(host: str, port: int, requests: Sequence[bytes], seconds: float, connections: int = CONNECTIONS) -> Load:
    """Send ``requests`` round and round on ``connections`` connections for ``seconds``; blocks until done."""
    return uvloop.run(_run(host, port, requests, seconds, connections))


async def _run(host: str, port: int, requests: Sequence[bytes], seconds: float, connections: int) -> Load:
    loop = asyncio.get_running_loop()
    load = Load(seconds, array("d"))
    clients: list[_Client] = []
    for number in range(connections):
        # Each connection starts elsewhere in the round, so that they don't all ask for the same at once.
        turn = number * len(requests) // connections
        client = _Client([*requests[turn:], *requests[:turn]], load)
        async with asyncio.timeout(_CONNECT_SECONDS):
            await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
        clients.append(client)
    started, used = time.perf_counter(), time.process_time()
    for client in clients:
        client.send()
    await asyncio.sleep(seconds)
    load.seconds, load.processor_seconds = time.perf_counter() - started, time.process_time() - used
    for client in clients:
        client.close()
    return load


class _Client(asyncio.Protocol):
    """One connection with one request under way."""

    def __init__(self, requests: Sequence[bytes], load: Load) -> None:
        self._requests = requests
        self._next = 0
        self._load = load
        self._latencies = load.latencies_seconds
        self._transport: asyncio.Transport | None = None
        self._closed = False
        self._sent = 0.0
        self._buffer = b""
        # The header block and the whole length of the last good response.
        self._head = b"\0"
        self._length = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, and not its class.
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        """Send the next request."""
        assert self._transport is not None
        request = self._requests[self._next]
        self._next = (self._next + 1) % len(self._requests)
        self._sent = time.perf_counter()
        self._transport.write(request)

    def close(self) -> None:
        """Stop: what is under way isn't counted."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._closed:
            return
        if self._buffer:
            data = self._buffer + data
        if len(data) == self._length and data.startswith(self._head):
            self._buffer = b""
            self._latencies.append(time.perf_counter() - self._sent)
            self.send()
            return
        self._examine(data)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self._closed:
            self._count("connection closed by the server")
            self._closed = True

    def _examine(self, data: bytes) -> None:
        try:
            head, length = measure(data)
        except BadResponse as fault:
            self._count(str(fault))
            self.close()
            return
        if length is None or len(data) < length:
            self._buffer = data
            return
        self._buffer = b""
        if len(data) > length:
            self._count("bytes after the response")
        elif data.startswith(b"HTTP/1.1 200 "):
            self._latencies.append(time.perf_counter() - self._sent)
            if head is not None:
                self._head, self._length = head, length
        else:
            self._count(data[: data.index(b"\r\n")].decode("latin-1"))
        self.send()

    def _count(self, failure: str) -> None:
        self._load.failures[failure] = self._load.failures.get(failure, 0) + 1


def measure(data: bytes) -> tuple[bytes | None, int | None]:
    """The header block and the length of the response that ``data`` begins with.

    The length is None while more bytes are needed to tell. The header block is None where it doesn't determine the
    length (chunked). Raises ``BadResponse`` for what can't become a response.
    """
    if len(data) > _MAX_RESPONSE_BYTES:
        raise BadResponse("response too large")
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        return None, None
    lines = data[: end - 4].split(b"\r\n")
    if not lines[0].startswith(b"HTTP/1.1 "):
        raise BadResponse(f"not HTTP/1.1: {lines[0][:40]!r}")
    headers = {name.strip().lower(): text.strip() for name, _, text in (line.partition(b":") for line in lines[1:])}
    if b"content-length" in headers:
        return data[:end], end + int(headers[b"content-length"])
    if headers.get(b"transfer-encoding") == b"chunked":
        return None, _chunked_end(data, end)
    if lines[0].startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
        return data[:end], end
    raise BadResponse("a response without a length")


def _chunked_end(data: bytes, position: int) -> int | None:
    while True:
        line = data.find(b"\r\n", position)
        if line < 0:
            return None
        size = int(data[position:line].split(b";")[0], 16)
        position = line + 2 + size + 2
        if size == 0:
            return position if position <= len(data) else None
        if position > len(data):
            return None
