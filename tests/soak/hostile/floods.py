"""Floods of HTTP/1.1, as data: what is sent on how many connections, in which pieces, and whether answers are read.

As with ``shapes``, a unit is repeated until there are as many bytes as asked for; ``%d`` in it is its number.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.soak.hostile.client import SECONDS, Request, connect, head
from tests.soak.hostile.cost import Outcome
from tests.soak.hostile.furnished import Furnished

_PIECE_BYTES = 64 * 1024
_WITHOUT_READING_SECONDS = 0.5
_QUIET_SECONDS = 3.0
"""When nothing has moved for so long, nothing more is expected of the server."""

_MANY = 20


def _get(target: str, **headers: bytes) -> bytes:
    """A request; ``_`` in names of headers stands for ``-``."""
    return head(Request("GET", target, _named(headers)))


def _post(target: str, body: bytes | None = None, **headers: bytes) -> bytes:
    """The head of a request, and its body if that isn't None."""
    return head(Request("POST", target, _named(headers), body)) + (body or b"")


def _named(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


CLOSE = _get("/", connection=b"close")
_LOGIN = "/v1/auth/approle/login"
_USERS = "/v1/auth/userpass/login"
_HEALTH = "/v1/sys/health"
_OPENAPI = "/v1/sys/internal/specs/openapi"
_STREAM = "/v1/transit/stream/encrypt/k"
_CHUNKED = _post(_LOGIN, Transfer_Encoding=b"chunked")
_CHUNKED_STREAM = _post(
    _STREAM, X_Vault_Token=b"TOKEN", Content_Type=b"application/x-ndjson", Transfer_Encoding=b"chunked"
)
_LENGTHY = _post(_LOGIN, Content_Length=b"1000000")
_HEAD = b"GET /v1/sys/mounts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
_END = b" HTTP/1.1\r\nConnection: close\r\n\r\n"
_ENDED = b"0\r\n\r\n" + CLOSE
_LONG = "a" * 2000


@dataclass(frozen=True, slots=True)
class Flood:
    """What is sent on each connection: ``before``, the unit again and again, ``after``."""

    name: str
    unit: bytes
    before: bytes = b""
    after: bytes = b""
    connections: int = 1
    requests: int = 0
    """How many requests a unit is."""
    piece_bytes: int = _PIECE_BYTES
    """How much is sent at a time; small pieces are seen one by one by the server, and slow the client too."""
    reads: bool = True
    share: float = 1.0
    """Of the size: floods of small pieces take long to send."""

    def run(self, furnished: Furnished, size: int, port: int = 0, context: ssl.SSLContext | None = None) -> Outcome:
        """Send ``size`` bytes to a listener, that for HTTP/1.1 by default, until it has answered or closed."""
        count = max(1, int(size * self.share) // self.connections // len(self.unit))
        unit = self.unit.replace(b"TOKEN", furnished.tokens["root"].encode())
        before = self.before.replace(b"TOKEN", furnished.tokens["root"].encode())
        units = unit * count if b"%d" not in unit else b"".join(unit.replace(b"%d", b"%d" % n) for n in range(count))
        data = before + units + self.after
        with ExitStack() as opened:
            connections = []
            for _ in range(self.connections):
                connection = connect(port or furnished.ports["HTTP/1.1"], context)
                connections.append(opened.enter_context(connection))
            exchange(connections, data, self.piece_bytes, reads=self.reads)
        return Outcome(len(data) * self.connections, requests=count * self.requests * self.connections)


def exchange(
    connections: Sequence[socket.socket], data: bytes, piece_bytes: int, *, reads: bool, end: bytes = b""
) -> None:
    """Send ``data`` on each connection, reading what comes, until the server closes all, or has sent ``end`` on each.

    Without ``reads``, nothing is read, and the connections are left when nothing more is taken for a while.
    """
    left = dict.fromkeys(connections, 0)
    for connection in connections:
        connection.setblocking(False)
    deadline = time.monotonic() + SECONDS
    moved = time.monotonic()
    while left and time.monotonic() < deadline:
        pending = [connection for connection, sent in left.items() if sent < len(data)]
        readable, writable, _ = select.select(left if reads else (), pending, (), 0.05)
        for connection in readable:
            moved = time.monotonic()
            if _read(connection, end):
                del left[connection]
        for connection in writable:
            if connection in left:
                sent = _send(connection, data[left[connection] : left[connection] + piece_bytes])
                left[connection] = len(data) if sent < 0 else left[connection] + sent
                moved = time.monotonic()
        if time.monotonic() - moved > (_QUIET_SECONDS if reads else _WITHOUT_READING_SECONDS):
            return


def _read(connection: socket.socket, end: bytes) -> bool:
    """Whether nothing more is to be expected."""
    try:
        while data := connection.recv(_PIECE_BYTES):
            if end and end in data:
                return True
            if not isinstance(connection, ssl.SSLSocket):
                return False
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        pass
    return True


def _send(connection: socket.socket, data: bytes) -> int:
    """How many bytes were taken; below 0 where no more will be."""
    try:
        return connection.send(data)
    except (BlockingIOError, ssl.SSLWantWriteError):
        return 0
    except OSError:
        return -1


def _pipelined(name: str, target: str, connections: int = 1, **headers: bytes) -> Flood:
    return Flood(name, _get(target, **headers), after=CLOSE, connections=connections, requests=1)


FLOODS = (
    Flood("requests outside the API", b"GET / HTTP/1.1\r\n\r\n", after=CLOSE, connections=_MANY, requests=1),
    _pipelined("requests for health", _HEALTH, _MANY),
    _pipelined("requests without a token", "/v1/sys/mounts", _MANY),
    _pipelined("requests that are redirected", "/v1//a"),
    _pipelined("requests for different paths", "/v1/a%d"),
    _pipelined("requests for different namespaces", "/v1/a", X_Vault_Namespace=b"a%d"),
    _pipelined("requests with different tokens", "/v1/a", X_Vault_Token=b"a%d"),
    _pipelined("requests for long different paths", f"/v1/a/%d{_LONG}"),
    _pipelined("requests for long different names", f"/v1/transit/keys/%d{_LONG}", X_Vault_Token=b"TOKEN"),
    _pipelined("requests for long different namespaces", "/v1/a", X_Vault_Namespace=b"%d" + _LONG.encode()),
    _pipelined("requests with long different tokens", "/v1/a", X_Vault_Token=b"%d" + _LONG.encode()),
    _pipelined("requests with long different queries", f"{_HEALTH}?%d{_LONG}"),
    _pipelined("offers of HTTP/2", _HEALTH, Upgrade=b"h2c", Connection=b"Upgrade"),
    Flood("requests for different users", _post(f"{_USERS}/a%d", b"{}"), after=CLOSE, requests=1),
    Flood("interim answers", _post(_LOGIN, b"{}", Expect=b"100-continue"), after=CLOSE, requests=1),
    Flood("answers that nobody reads", _get(_OPENAPI), reads=False, requests=1, share=0.1),
    Flood("requests whose client goes away", _get(_OPENAPI), reads=False, connections=100, requests=1, share=0.02),
    Flood("headers", b"a:b\r\n", _HEAD, b"\r\n"),
    Flood("different headers", b"a%d:b\r\n", _HEAD, b"\r\n"),
    Flood("headers without a name", b":\r\n", _HEAD, b"\r\n"),
    Flood("a header that is folded", b" a\r\n", _HEAD + b"a: b\r\n", b"\r\n"),
    Flood("a header with a long name", b"a", _HEAD, b": b\r\n\r\n"),
    Flood("a header with a long value", b"a", _HEAD + b"a: ", b"\r\n\r\n"),
    Flood("a token again and again", b"X-Vault-Token: a\r\n", _HEAD, b"\r\n"),
    Flood("addresses of proxies again and again", b"X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", _HEAD, b"\r\n"),
    Flood("lengths again and again", b"Content-Length: 1\r\n", _HEAD, b"\r\n"),
    Flood("a long length", b"0", _HEAD + b"Content-Length: ", b"1\r\n\r\na", share=0.02),
    Flood("a long path", b"a", b"GET /v1/", _END),
    Flood("a long query", b"a=b&", b"GET /v1/a?", _END),
    Flood("a long path outside the API", b"a/", b"GET /", _END),
    Flood("a long method", b"A", after=b" /" + _END),
    Flood("a long version", b"1", b"GET / HTTP/", b"\r\n\r\n"),
    Flood("blank lines", b"\r\n", after=CLOSE),
    Flood("blanks", b" ", b"GET ", b"/" + _END),
    Flood("nul bytes", b"\0"),
    Flood("requests of HTTP/0.9", b"GET /\r\n"),
    Flood("chunks of a byte", b"1\r\n \r\n", _CHUNKED, _ENDED),
    Flood("chunks with extensions", b"1;a=b\r\n \r\n", _CHUNKED, _ENDED),
    Flood("a chunk with a long extension", b";a=b", _CHUNKED + b"1", b"\r\n \r\n" + _ENDED),
    Flood("a chunk with a long size", b"0", _CHUNKED, b"1\r\n \r\n" + _ENDED),
    Flood("trailers", b"a: b\r\n", _CHUNKED + b"1\r\n \r\n0\r\n", b"\r\n" + CLOSE),
    Flood("bodies that never come", _LENGTHY, connections=500, reads=False),
    Flood("heads that never end", b"a:b\r\n", _HEAD, connections=200, reads=False),
    Flood("connections that say nothing", b"\r", connections=500, reads=False),
    Flood("a head in pieces", b"a: b\r\n", _HEAD, b"\r\n" + CLOSE, piece_bytes=8, share=0.05),
    Flood("a body in pieces", b" ", _LENGTHY, piece_bytes=8, share=0.05, reads=False),
    Flood("a stream of short lines", b"3\r\n{}\n\r\n", _CHUNKED_STREAM, _ENDED, requests=1),
    Flood("a stream of empty lines", b"2\r\n\n\n\r\n", _CHUNKED_STREAM, _ENDED),
)
