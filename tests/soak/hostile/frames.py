"""Floods of HTTP/2 frames (RFC 9113), as data: what opens the connection, and a frame or a few that are repeated.

Frames are written by hand where a library would refuse to: clients of this kind don't use one. Each flood ends with a
ping, and is over when that is answered or the server has closed.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import hpack

from tests.soak.hostile.client import connect
from tests.soak.hostile.cost import Outcome
from tests.soak.hostile.floods import exchange
from tests.soak.hostile.furnished import Furnished

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8

Repeated: TypeAlias = bytes | Callable[[int], bytes]
"""Frames that are sent again and again, or made for each number."""

_LAST_PING = b"the last"
_PIECE_BYTES = 64 * 1024
_MAX_FRAME_BYTES = 16 * 1024


def frame(kind: int, payload: bytes = b"", stream: int = 0, flags: int = 0) -> bytes:
    """One frame, whatever is in it."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def block(method: str, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The fields of a request, each written out, so that no table changes (RFC 7541)."""
    named = {":method": method, ":scheme": "http", ":path": path, ":authority": "a", **(headers or {})}
    return bytes(hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*pair) for pair in named.items()]))


def _opened(fields: bytes, *more: bytes, ends: bool = True) -> Repeated:
    """A request on each of the client's streams, with frames behind it whose stream is put in."""
    flags = END_HEADERS | (END_STREAM if ends else 0)

    def made(number: int) -> bytes:
        stream = (2 * number + 1).to_bytes(4, "big")
        return frame(HEADERS, fields, 2 * number + 1, flags) + b"".join(one[:5] + stream + one[9:] for one in more)

    return made


_GET = block("GET", "/v1/sys/health")
_MOUNTS = block("GET", "/v1/sys/mounts")
_LARGE = block("GET", "/v1/sys/internal/specs/openapi")
_POST = block("POST", "/v1/auth/approle/login")
_OPEN = frame(HEADERS, _POST, 1, END_HEADERS)
_OPEN_HEAD = frame(HEADERS, _POST, 1)
_RESET = frame(RST_STREAM, bytes(3) + b"\x08")
_NO_WINDOW = frame(SETTINGS, b"\0\x04" + bytes(4))


@dataclass(frozen=True, slots=True)
class FrameFlood:
    """Frames of a client that has no good intentions."""

    name: str
    unit: Repeated
    before: bytes = b""
    after: bytes = b""
    requests: int = 0
    """How many requests a unit is."""
    reads: bool = True
    share: float = 1.0
    piece_bytes: int = _PIECE_BYTES

    def run(self, furnished: Furnished, size: int, context: ssl.SSLContext | None = None) -> Outcome:
        """Send about ``size`` bytes on one connection, over TLS if there is a context."""
        count = max(1, int(size * self.share) // len(self.unit if isinstance(self.unit, bytes) else self.unit(0)))
        unit = self.unit
        units = unit * count if isinstance(unit, bytes) else b"".join(map(unit, range(count)))
        data = PREFACE + frame(SETTINGS) + self.before + units + self.after + frame(PING, _LAST_PING)
        with connect(furnished.ports["HTTP/2" if context is None else "TLS"], context) as connection:
            exchange([connection], data, self.piece_bytes, reads=self.reads, end=frame(PING, _LAST_PING, 0, ACK))
        return Outcome(len(data), requests=count * self.requests)


def _from_table(number: int) -> bytes:
    """Requests whose fields are named by one byte each, and are 3 KB long: what is sent grows a thousandfold."""
    fields = block("GET", "/v1/sys/health")
    if number == 0:
        name = b"\x40\x01a\x7f" + _integer(3000, 7)[1:] + b"b" * 3000
        return frame(HEADERS, fields + name, 1, END_HEADERS | END_STREAM)
    return frame(HEADERS, fields + b"\xbe" * 16, 2 * number + 1, END_HEADERS | END_STREAM)


def _integer(value: int, prefix_bits: int) -> bytes:
    """An integer that doesn't fit its prefix (RFC 7541, section 5.1), all bits of which are set."""
    most = 2**prefix_bits - 1
    value -= most
    written = [most]
    while value >= 128:
        written.append(value % 128 + 128)
        value //= 128
    return bytes([*written, value])


def _large_head(unit: bytes) -> bytes:
    """A head in as many continuations as it takes, of 60 KB."""
    fields = _GET + unit * (60_000 // len(unit))
    parts = [fields[start : start + _MAX_FRAME_BYTES] for start in range(0, len(fields), _MAX_FRAME_BYTES)]
    frames = [frame(HEADERS, parts[0], 1, END_STREAM), *(frame(CONTINUATION, part, 1) for part in parts[1:-1])]
    return b"".join([*frames, frame(CONTINUATION, parts[-1], 1, END_HEADERS)])


def _streams(name: str, fields: bytes, *more: bytes, ends: bool = True, **settings: Any) -> FrameFlood:
    return FrameFlood(name, _opened(fields, *more, ends=ends), requests=1, **settings)


def _body(name: str, unit: bytes, **settings: Any) -> FrameFlood:
    return FrameFlood(name, unit, _OPEN, frame(DATA, b"", 1, END_STREAM), **settings)


def _continued(name: str, unit: bytes) -> FrameFlood:
    return FrameFlood(name, frame(CONTINUATION, unit, 1), _OPEN_HEAD, frame(CONTINUATION, b"", 1, END_HEADERS))


def _dependent(name: str, on: Callable[[int], bytes]) -> FrameFlood:
    return FrameFlood(name, lambda number: frame(PRIORITY, on(number) + b"\x10", 2 * number + 3))


FRAME_FLOODS = (
    _streams("requests", _GET),
    _streams("requests without a token", _MOUNTS),
    _streams("requests that are reset", _GET, _RESET),
    _streams("requests with bodies that are reset", _POST, _RESET, ends=False),
    _streams("requests that the server has to reset", _POST, frame(WINDOW_UPDATE, bytes(4)), ends=False),
    _streams("requests whose bodies never come", _POST, ends=False),
    _streams("large answers without room for them", _LARGE, before=_NO_WINDOW, share=0.02, reads=False),
    _streams("large answers that nobody reads", _LARGE, share=0.02, reads=False),
    _streams("heads without a path", hpack.Encoder().encode([(":method", "GET")])),
    FrameFlood("fields from the table", _from_table, requests=1, share=0.2),
    _dependent("streams that depend on each other", lambda number: (2 * number + 1).to_bytes(4, "big")),
    _dependent("streams that depend on the first", lambda number: b"\0\0\0\x01"),
    _dependent("streams that depend exclusively on none", lambda number: b"\x80\0\0\0"),
    FrameFlood("one stream's priority", frame(PRIORITY, b"\0\0\0\0\x10", 1)),
    FrameFlood("pings", frame(PING, bytes(8))),
    FrameFlood("answers to pings", frame(PING, bytes(8), 0, ACK)),
    FrameFlood("pings whose answers nobody reads", frame(PING, bytes(8)), reads=False),
    FrameFlood("settings", frame(SETTINGS)),
    FrameFlood("answers to settings", frame(SETTINGS, b"", 0, ACK)),
    FrameFlood("settings of the table's size", frame(SETTINGS, b"\0\x01\0\0\x10\0\0\x01\0\0\0\0")),
    FrameFlood("settings of the window", frame(SETTINGS, b"\0\x04\0\0\xff\xff\0\x04\0\0\0\0"), _OPEN),
    FrameFlood("many settings in a frame", frame(SETTINGS, b"\0\x04\0\0\xff\xff" * 2_700)),
    FrameFlood(
        "unknown settings", lambda number: frame(SETTINGS, (number % 65000 + 500).to_bytes(2, "big") + bytes(4))
    ),
    FrameFlood("window updates of the connection", frame(WINDOW_UPDATE, b"\0\0\0\x01")),
    FrameFlood("window updates of a stream", frame(WINDOW_UPDATE, b"\0\0\0\x01", 1), _OPEN),
    _body("empty data", frame(DATA, b"", 1)),
    _body("data of a byte", frame(DATA, b" ", 1)),
    _body("padded data", frame(DATA, b"\xff" + bytes(255), 1, PADDED)),
    _body("a body in pieces", frame(DATA, b" ", 1), piece_bytes=5, share=0.1),
    FrameFlood("data of a closed stream", frame(DATA, b" ", 1), frame(HEADERS, _GET, 1, END_HEADERS | END_STREAM)),
    FrameFlood("data of streams that never were", lambda number: frame(DATA, b" ", 2 * number + 1)),
    FrameFlood("resets of streams that never were", lambda number: frame(RST_STREAM, bytes(4), 2 * number + 1)),
    _continued("empty continuations", b""),
    _continued("continuations of a byte", b"\x82"),
    FrameFlood("trailers", frame(HEADERS, b"\0\x01a\x01b", 1, END_HEADERS), _OPEN),
    FrameFlood("a head with many short fields", _large_head(b"\0\x01a\x01b")),
    FrameFlood("a head with many empty fields", _large_head(b"\0\x00\x00")),
    FrameFlood("a head with fields of the static table", _large_head(b"\xbd")),
    FrameFlood("a head with many cookies", _large_head(b"\x60\x01b")),
    FrameFlood("a head in Huffman's code", _large_head(b"\0\x01a\xbf" + b"\xff" * 62 + b"\xfe")),
    FrameFlood("changes of the table's size", _large_head(b"\x20\x3f\xe1\x1f")),
    FrameFlood("promises", frame(PUSH_PROMISE, b"\0\0\0\x02" + _GET, 1, END_HEADERS), _OPEN),
    FrameFlood("farewells", frame(GOAWAY, bytes(8))),
    FrameFlood("frames of an unknown kind", frame(0xFA, b"a")),
)
