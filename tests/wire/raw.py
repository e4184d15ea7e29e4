"""HTTP/1.1 by hand: requests that no client library would send, and answers read to the byte."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tests.support.servers import Answer, Server

READ_SECONDS = 60.0
MOST_BYTES = 1 << 20


class Closed(Exception):
    """The server closed the connection before the answer was complete."""


class RawConnection:
    """One connection, over TLS if a context is given. Entering connects, leaving closes."""

    def __init__(self, server: Server, context: ssl.SSLContext | None = None) -> None:
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", server.port), timeout=READ_SECONDS)
        if context is not None:
            try:
                self._socket = context.wrap_socket(self._socket, server_hostname="127.0.0.1")
            except OSError:
                self._socket.close()
                raise
        self._server = server
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def protocol(self) -> str | None:
        """What ALPN has chosen."""
        return self._socket.selected_alpn_protocol() if isinstance(self._socket, ssl.SSLSocket) else None

    def head(self, method: str, target: str, headers: Mapping[str, str] | None = None, version: str = "1.1") -> bytes:
        """The bytes of a request's head, with the root token."""
        named = {"Host": f"127.0.0.1:{self._server.port}", "X-Vault-Token": self._server.root_token, **(headers or {})}
        lines = [f"{method} {target} HTTP/{version}", *(f"{name}: {text}" for name, text in named.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def send(self, data: bytes) -> None:
        """Send all of ``data``. Raises ``Closed`` if the server doesn't take it."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError) as fault:
            raise Closed(str(fault)) from fault

    def receive(self) -> bytes:
        """What has come, at least a byte of it; empty when the server has closed."""
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        try:
            return self._socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return b""

    def await_close(self) -> None:
        """Wait until the server closes, whatever it says before. Raises ``TimeoutError`` if it is silent for long."""
        received = 0
        while data := self.receive():
            received += len(data)
            assert received < MOST_BYTES, "the server keeps on sending"

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and read its answer."""
        length = {} if body is None else {"Content-Length": str(len(body))}
        self.send(self.head(method, target, {**length, **(headers or {})}) + (body or b""))
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """Read the next answer, which belongs to a request of ``method``. Raises ``Closed``."""
        head = self._read_until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, colon, text = line.partition(":")
            if colon:
                headers[name.strip().lower()] = text.strip()
        return Answer(status, headers, self._read_body(method, status, headers))

    def _read_body(self, method: str, status: int, headers: Mapping[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304) or status < 200:
            return b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._read_until(b"\r\n"), 16):
                body += self._read(size)
                self._read(2)
            self._read_until(b"\r\n")
            return body
        if "content-length" in headers:
            return self._read(int(headers["content-length"]))
        body = b""
        while data := self.receive():
            body += data
        return body

    def _read_until(self, end: bytes) -> bytes:
        data = b""
        while end not in data:
            more = self.receive()
            if not more:
                raise Closed(f"closed after {data!r}")
            data += more
        text, _, self._unread = data.partition(end)
        return text

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.receive()
            if not more:
                raise Closed(f"closed after {data[-200:]!r}")
            data += more
        self._unread = data[size:] + self._unread
        return data[:size]
