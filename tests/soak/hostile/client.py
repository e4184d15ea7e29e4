"""Clients that mind nothing: requests are sent as they are, whatever is in them, over either protocol.

What is sent may be cut off by an answer and a close; both are an outcome. A connection is used as long as the server
keeps it. After each request, health is asked for on the same connection: once that is answered, the server has done
with the request.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Protocol, Self

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from tests.support.products import HOST

SECONDS = 60.0
"""How long an answer may take before it counts as none."""

_PART_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; names of headers as they are, values in bytes."""

    method: str
    target: str
    headers: Mapping[str, bytes] = field(default_factory=dict)
    body: bytes | None = None
    """Comes with its length, unless it is None."""

    def __len__(self) -> int:
        return len(head(self)) + len(self.body or b"")


_HEALTH = Request("GET", "/v1/sys/health")


class Client(Protocol):
    """Asks and reads the answer."""

    def ask(self, request: Request) -> int:
        """The status of the answer; 0 if there was none."""

    def close(self) -> None:
        """Go away."""


def connect(port: int, context: ssl.SSLContext | None = None) -> socket.socket:
    """A connection to a listener, over TLS if there is a context."""
    connection = socket.create_connection((HOST, port), timeout=SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return connection
    try:
        return context.wrap_socket(connection, server_hostname=HOST)
    except OSError:
        connection.close()
        raise


def head(request: Request) -> bytes:
    """A request's head in HTTP/1.1."""
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("latin-1"), b"Host: a"]
    lines += [name.encode("latin-1") + b": " + value for name, value in request.headers.items()]
    if request.body is not None:
        lines.append(b"Content-Length: %d" % len(request.body))
    return b"\r\n".join([*lines, b"", b""])


class _Connected:
    """What both clients share: a connection that is made when it is needed."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self._port, self._context = port, context
        self._connection: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Go away."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, data: bytes) -> None:
        """Send as much as the server takes: it may answer and close before it has it all."""
        assert self._connection is not None
        with contextlib.suppress(OSError):
            self._connection.sendall(data)

    def _receive(self) -> bytes:
        assert self._connection is not None
        data = self._connection.recv(_PART_BYTES)
        if not data:
            raise ConnectionError("closed by the server")
        return data


class Http1Client(_Connected):
    """HTTP/1.1."""

    _unread = b""

    def ask(self, request: Request) -> int:
        """The status of the answer; 0 if there was none."""
        status = self._ask(request)
        self._ask(_HEALTH)
        return status

    def _ask(self, request: Request) -> int:
        if self._connection is None:
            self._connection, self._unread = connect(self._port, self._context), b""
        self._send(head(request) + (request.body or b""))
        try:
            status, length, closes = self._read_head()
            self._read(0 if status == 204 else length)
        except (OSError, ValueError):
            self.close()
            return 0
        if closes:
            self.close()
        return status

    def _read_head(self) -> tuple[int, int, bool]:
        while b"\r\n\r\n" not in self._unread:
            self._unread += self._receive()
        read, _, self._unread = self._unread.partition(b"\r\n\r\n")
        status, *lines = read.lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines)
        if headers.get(b"transfer-encoding") == b"chunked":
            # A stream: its answer is read as far as its end shows.
            while not self._unread.endswith(b"0\r\n\r\n"):
                self._unread += self._receive()
            self._unread = b""
        closes = headers.get(b"connection") == b"close"
        return int(status.split()[1]), int(headers.get(b"content-length", 0)), closes

    def _read(self, length: int) -> None:
        parts, left = [self._unread], length - len(self._unread)
        while left > 0:
            parts.append(self._receive())
            left -= len(parts[-1])
        self._unread = b"".join(parts)[length:]


class Http2Client(_Connected):
    """HTTP/2, with the library's checks of what is sent turned off."""

    _http2: h2.connection.H2Connection
    _status = 0
    _ended = False

    def ask(self, request: Request) -> int:
        """The status of the answer; 0 if there was none."""
        status = self._ask(request)
        self._ask(_HEALTH)
        return status

    def _ask(self, request: Request) -> int:
        try:
            if self._connection is None:
                self._connection = connect(self._port, self._context)
                config = h2.config.H2Configuration(
                    validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding=None
                )
                self._http2 = h2.connection.H2Connection(config)
                # The library's Huffman code takes quadratic time, here as in the server.
                self._http2.encoder.encode = partial(self._http2.encoder.encode, huffman=False)  # type: ignore[method-assign]
                self._http2.initiate_connection()
            self._status, self._ended = 0, False
            self._send_request(request)
            while not self._ended:
                self._work_off()
        except (OSError, h2.exceptions.ProtocolError):
            self.close()
        return self._status

    def _send_request(self, request: Request) -> None:
        fields = [(b":method", request.method.encode()), (b":scheme", b"http"), (b":authority", b"a")]
        fields.append((b":path", request.target.encode("latin-1")))
        fields += [(name.lower().encode("latin-1"), value) for name, value in request.headers.items()]
        stream, body = self._http2.get_next_available_stream_id(), request.body or b""
        self._http2.send_headers(stream, fields, end_stream=not body)
        while body and not self._ended:
            window = min(self._http2.local_flow_control_window(stream), self._http2.max_outbound_frame_size)
            if window:
                self._http2.send_data(stream, body[:window], end_stream=len(body) <= window)
                body = body[window:]
            else:
                self._work_off()
        self._send(self._http2.data_to_send())
        if body:
            self._http2.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)

    def _work_off(self) -> None:
        """Send what there is to send, and take what has come."""
        self._send(self._http2.data_to_send())
        for event in self._http2.receive_data(self._receive()):
            if isinstance(event, h2.events.ResponseReceived):
                self._status = int(dict(event.headers or ())[b":status"])
            elif isinstance(event, h2.events.DataReceived):
                self._http2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                self._ended = True
            elif isinstance(event, h2.events.ConnectionTerminated):
                raise ConnectionError("closed by the server")
