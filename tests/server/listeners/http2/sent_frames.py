"""Frames of HTTP/2 for tests."""

from __future__ import annotations

from tests.server.listeners.http2.client import frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = bytes([0x82, 0x84, 0x87, 0x01, 0x01]) + b"x"
"""GET / over https from authority x, in the tables' numbers; hpack remembers none of it."""

END, END_HEADERS = 1, 4


def begun(stream_id: int, *, end: bool = True) -> bytes:
    return frame(1, END_HEADERS | (END if end else 0), stream_id, HEAD)


def reset(stream_id: int) -> bytes:
    return frame(3, 0, stream_id, (8).to_bytes(4))


def settings(*pairs: tuple[int, int]) -> bytes:
    return frame(4, 0, 0, b"".join(code.to_bytes(2) + value.to_bytes(4) for code, value in pairs))
