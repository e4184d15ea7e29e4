"""Heads of requests that were read before: a busy client sends the same one again and again, to the byte.

A parser makes the same of the same bytes, so what it made of a head is kept, and the next request with it is begun by
one look into a dictionary. A head is kept only if it is written in the plainest way, says nothing about the connection
and announces the length of its body, and it is found only where a request begins and its body is there to the last
byte: so nobody can make the two of us see different requests in the same bytes.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from server.listeners.asgi import KEPT, Scope

MAX_KEPT = 1_000
"""How many are kept; when there are more, all are forgotten and those in use come back at their next request."""

MAX_KEPT_BYTES = 8 * 1024 * 1024
"""How much memory those may take that are kept, as ``_memory`` reckons it; beyond that, as beyond ``MAX_KEPT``."""

MAX_BYTES = 4 * 1024
"""The longest head that is kept."""

_MAX_FIELDS = 64
_FIELD_BYTES = 200
"""What a field takes beside its bytes: three objects."""

_HEAD_BYTES = 2_000

_END = b"\r\n\r\n"
_OF_THE_HEAD = ("type", "asgi", "http_version", "scheme", "root_path", "method", "path", "raw_path", "query_string")
_OF_THE_CONNECTION = frozenset({b"connection", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade"})


class CachedHead(Struct, frozen=True, gc=False):
    """What was made of a head."""

    scope: dict[str, Any]
    """Without what belongs to a connection."""

    body_bytes: int

    def __repr__(self) -> str:
        """Without the headers, which may be secret."""
        return f"KnownHead({self.body_bytes} bytes)"


class HeadCache:
    """Those of the requests to one listener."""

    def __init__(self) -> None:
        self._kept: dict[bytes, CachedHead] = {}
        self._bytes = 0

    def find(self, data: bytes) -> tuple[CachedHead, bytes] | None:
        """The head and the body that ``data`` consists of, if the head is known; a request begins with ``data``."""
        end = data.find(_END, 0, MAX_BYTES) + len(_END)
        known = self._kept.get(data[:end])
        if known is None or len(data) - end != known.body_bytes:
            return None
        return known, data[end:]

    def add(self, data: bytes, scope: Scope) -> None:
        """Keep that the parser made ``scope`` of the head with which ``data`` begins, unless there is a doubt.

        To be called for what has led somewhere: others may send as many heads as they like.
        """
        head = data[: data.find(_END, 0, MAX_BYTES) + len(_END)]
        headers = tuple(scope["headers"])
        if head in self._kept or len(headers) > _MAX_FIELDS:
            return
        # A line for the request, one for each header, and an empty one: nothing was folded, skipped or put before it.
        if head.count(b"\n") != len(headers) + 2 or not head.startswith(scope["method"].encode() + b" "):
            return
        lengths = [value for name, value in headers if name == b"content-length"]
        if len(lengths) > 1 or scope["http_version"] != "1.1" or any(name in _OF_THE_CONNECTION for name, _ in headers):
            return
        size = _memory(head, len(headers))
        if len(self._kept) >= MAX_KEPT or self._bytes + size > MAX_KEPT_BYTES:
            self._kept.clear()
            self._bytes = 0
        self._bytes += size
        kept = {name: scope[name] for name in _OF_THE_HEAD}
        self._kept[head] = CachedHead({**kept, "headers": headers, KEPT: {}}, int(lengths[0]) if lengths else 0)

    def __len__(self) -> int:
        return len(self._kept)


def _memory(head: bytes, fields: int) -> int:
    """About how many bytes a head takes that is kept: itself, its fields, and what the application makes of it."""
    return _HEAD_BYTES + 3 * len(head) + fields * _FIELD_BYTES
