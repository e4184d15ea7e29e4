"""Cache of parsed heads: a busy client sends the same head again and again, byte for byte.

Equal bytes parse equally, so the result for a head is cached, and the next request with it costs one dictionary
look-up. A head is cached only if it is written in the plainest form, doesn't affect the connection and announces the
length of its body; it is matched only at the beginning of a request whose body has arrived completely. This rules out
request smuggling.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from server.listeners.asgi import KEPT, Scope

MAX_KEPT = 1_000
"""The most cached heads; beyond it all are dropped, and those in use return with their next request."""

MAX_KEPT_BYTES = 8 * 1024 * 1024
"""The most memory of the cached heads in bytes, as ``_memory`` estimates it; beyond it, as for ``MAX_KEPT``."""

MAX_BYTES = 4 * 1024
"""The longest cached head, in bytes."""

_MAX_FIELDS = 64
_FIELD_BYTES = 200
"""The bytes that a field takes besides its text: three objects."""

_HEAD_BYTES = 2_000

_END = b"\r\n\r\n"
_OF_THE_HEAD = ("type", "asgi", "http_version", "scheme", "root_path", "method", "path", "raw_path", "query_string")
_OF_THE_CONNECTION = frozenset({b"connection", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade"})


class CachedHead(Struct, frozen=True, gc=False):
    """The parsed form of a head."""

    scope: dict[str, Any]
    """The scope without what belongs to a connection."""

    body_bytes: int

    def __repr__(self) -> str:
        """Omits the headers, which may be secret."""
        return f"CachedHead({self.body_bytes} bytes)"


class HeadCache:
    """The cached heads of one listener."""

    def __init__(self) -> None:
        self._kept: dict[bytes, CachedHead] = {}
        self._bytes = 0

    def find(self, data: bytes) -> tuple[CachedHead, bytes] | None:
        """The head and the body that ``data`` consists of, if the head is cached; ``data`` begins a request."""
        end = data.find(_END, 0, MAX_BYTES) + len(_END)
        known = self._kept.get(data[:end])
        if known is None or len(data) - end != known.body_bytes:
            return None
        return known, data[end:]

    def add(self, data: bytes, scope: Scope) -> None:
        """Cache ``scope``, the parser's result for the head at the beginning of ``data``, if it is plain enough.

        Call it only for requests that were allowed: other clients may send any number of heads.
        """
        head = data[: data.find(_END, 0, MAX_BYTES) + len(_END)]
        headers = tuple(scope["headers"])
        if head in self._kept or len(headers) > _MAX_FIELDS:
            return
        # A request line, a line for each header, and an empty one: nothing was folded, skipped or prepended.
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
    """The approximate bytes of a cached head: itself, its fields, and the application's data about it."""
    return _HEAD_BYTES + 3 * len(head) + fields * _FIELD_BYTES
