"""Limits of a request's head, the same for every protocol: its size, its fields, its path.

They hold before anything is looked up, so what a request without a token can cost is bounded by them. The bytes of a
head are bounded before it is parsed as well: by ``http1`` for HTTP/1.1, by ``http2`` for HTTP/2.
"""

from __future__ import annotations

from server.listeners.asgi import Scope

MAX_HEAD_BYTES = 64 * 1024
"""The longest head: the request line, or what stands for it in HTTP/2, and all fields."""

MAX_FIELDS = 256
"""How many fields a head may have; each takes far more memory than it has bytes."""

MAX_FIELD_BYTES = 16 * 1024
"""The longest field, name and value together. The longest that mean something are batch tokens."""

MAX_PATH_BYTES = 4 * 1024
"""The longest path, escaped as it was sent. No entry of storage has a key that is half as long."""

TOO_LARGE = "the head of the request is too large"
FIELD_TOO_LARGE = "a header of the request is too large"
PATH_TOO_LONG = "the path of the request is too long"
UNKNOWN_CODING = "the transfer coding of the request body is not supported"


def head_fault(scope: Scope) -> tuple[int, str] | None:
    """Status and text of the answer to a head that is beyond a limit; None if the request may be served."""
    path = scope["raw_path"]
    if len(path) > MAX_PATH_BYTES:
        return 414, PATH_TOO_LONG
    headers = scope["headers"]
    if len(headers) > MAX_FIELDS:
        return 431, TOO_LARGE
    total = len(path) + len(scope["query_string"])
    for name, value in headers:
        size = len(name) + len(value)
        if size > MAX_FIELD_BYTES:
            return 431, FIELD_TOO_LARGE
        total += size
        # Parsers take the last coding for the one that counts, and leave the others undone.
        if name == b"transfer-encoding" and value.lower() != b"chunked":
            return 501, UNKNOWN_CODING
    return (431, TOO_LARGE) if total > MAX_HEAD_BYTES else None
