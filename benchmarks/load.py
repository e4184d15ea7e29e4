"""A load generator that costs little enough to share two cores with the server it measures.

Each connection keeps one request under way, over HTTP/1.1 with keep-alive, with or without TLS, and sends prebuilt
bytes. Several streams of requests, each with connections of its own, can run at once, so that it shows what one does to
the other. A response is taken apart once; as long as the next ones have the same header block and length, they are
recognised by comparing bytes, which costs about a microsecond. Whatever is not a complete ``200`` is counted as a
failure and shown: a benchmark of refusals would be worthless.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import uvloop

CONNECTIONS = 16

_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
_CONNECT_SECONDS = 10.0
_FIRST_ANSWER_SECONDS = 10.0
_LOOK_SECONDS = 0.005

Requests: TypeAlias = Sequence[bytes] | Iterator[bytes]
"""What to send: a sequence is sent round and round by each connection, an iterator is shared by all of them."""


class BadResponse(Exception):
    """The server sent what isn't an HTTP/1.1 response of a kind that is known here."""


@dataclass(slots=True)
class Load:
    """The results of sending requests for a while."""

    seconds: float
    latencies_seconds: array[float]
    """Of each response that was a complete 200, in order of arrival."""
    failures: dict[str, int] = field(default_factory=dict)
    """Status lines (or what else went wrong), and how often."""
    processor_seconds: float = 0.0
    """What the load generator itself used of a processor, for all that it sent at the same time."""

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


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests, and how many connections send them."""

    requests: Requests
    connections: int = CONNECTIONS
    per_second: float | None = None
    """How many to send in a second, if the server keeps up; None for as many as it takes."""


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


def run(
    host: str,
    port: int,
    requests: Requests,
    seconds: float,
    connections: int = CONNECTIONS,
    tls: ssl.SSLContext | None = None,
) -> Load:
    """Send ``requests`` on ``connections`` connections for ``seconds``; blocks until done."""
    return run_together(host, port, [Stream(requests, connections)], seconds, tls)[0]


def run_together(
    host: str, port: int, streams: Sequence[Stream], seconds: float, tls: ssl.SSLContext | None = None
) -> list[Load]:
    """Send all ``streams`` at once for ``seconds``, or until each has an answer; what came of each. Blocks."""
    return uvloop.run(_run(host, port, streams, seconds, tls))


async def _run(
    host: str, port: int, streams: Sequence[Stream], seconds: float, tls: ssl.SSLContext | None
) -> list[Load]:
    loop = asyncio.get_running_loop()
    loads = [Load(seconds, array("d")) for _ in streams]
    clients: list[_Client] = []
    for stream, load in zip(streams, loads, strict=True):
        for number in range(stream.connections):
            pause = stream.connections / stream.per_second if stream.per_second else 0.0
            client = _Client(_turn(stream, number), load, pause)
            async with asyncio.timeout(_CONNECT_SECONDS):
                await loop.create_connection(lambda client=client: client, host, port, ssl=tls)
            clients.append(client)
    started, used = time.perf_counter(), time.process_time()
    for client in clients:
        client.send()
    await asyncio.sleep(seconds)
    # On a busy machine, the first answer may take longer than a very short run.
    while not all(load.latencies_seconds or load.failures for load in loads):
        if time.perf_counter() - started > seconds + _FIRST_ANSWER_SECONDS:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    elapsed, used = time.perf_counter() - started, time.process_time() - used
    for client in clients:
        client.close()
    for load in loads:
        load.seconds, load.processor_seconds = elapsed, used
    return loads


def _turn(stream: Stream, number: int) -> Iterator[bytes]:
    """What connection ``number`` sends: each starts elsewhere in the round, so that they don't all ask for the same."""
    if isinstance(stream.requests, Iterator):
        return stream.requests
    start = number * len(stream.requests) // stream.connections
    return itertools.chain(itertools.islice(stream.requests, start, None), itertools.cycle(stream.requests))


class _Client(asyncio.Protocol):
    """One connection with one request under way."""

    def __init__(self, requests: Iterator[bytes], load: Load, pause_seconds: float = 0.0) -> None:
        """``pause_seconds``: from one request to the next, if it is answered by then."""
        self._requests = requests
        self._load = load
        self._pause_seconds = pause_seconds
        self._due = 0.0
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
        request = next(self._requests)
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
            self._go_on()
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
        self._go_on()

    def _go_on(self) -> None:
        """Send the next request when it is due."""
        if self._pause_seconds:
            # One that is late doesn't make the next ones come at once: all devices are asked at the same rate.
            self._due = max(self._due + self._pause_seconds, self._sent)
            wait = self._due - time.perf_counter()
            if wait > 0:
                asyncio.get_running_loop().call_later(wait, self._send_if_open)
                return
        self.send()

    def _send_if_open(self) -> None:
        if not self._closed:
            self.send()

    def _count(self, failure: str) -> None:
        self._load.failures[failure] = self._load.failures.get(failure, 0) + 1


def measure(data: bytes) -> tuple[bytes | None, int | None]:
    """The header block, but for a request's id at its end, and the length of the response that ``data`` begins with.

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
        return _constant(data[:end]), end + int(headers[b"content-length"])
    if headers.get(b"transfer-encoding") == b"chunked":
        return None, _chunked_end(data, end)
    if lines[0].startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
        return data[:end], end
    raise BadResponse("a response without a length")


def _constant(head: bytes) -> bytes:
    """``head`` up to what differs in each answer, the id of the request, if that is its last line."""
    before, name, rest = head.rpartition(b"x-vault-request-id: ")
    return before + name if name and rest.count(b"\r\n") == 2 else head


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
