"""Limits on a request's head, the same for every protocol: size, fields, path.

They are checked before any look-up, and so bound the cost of a request without a token. The bytes of a head are also
bounded before parsing: by ``http1`` for HTTP/1.1, by ``http2`` for HTTP/2.
"""

from __future__ import annotations

from server.listeners.asgi import Scope

MAX_HEAD_BYTES = 64 * 1024
"""The longest head in bytes: the request line, or its HTTP/2 equivalent, and all fields."""

MAX_FIELDS = 256
"""The most fields of a head; each takes far more memory than its bytes."""

MAX_FIELD_BYTES = 16 * 1024
"""The longest field in bytes, name and value together. The longest useful ones are batch tokens."""

MAX_PATH_BYTES = 4 * 1024
"""The longest path in bytes, escaped as sent. The longest storage key is less than half of it."""

TOO_LARGE = "the head of the request is too large"
FIELD_TOO_LARGE = "a header of the request is too large"
PATH_TOO_LONG = "the path of the request is too long"
UNKNOWN_CODING = "the transfer coding of the request body is not supported"


def head_fault(scope: Scope) -> tuple[int, str] | None:
    """Status and text of the answer to a head beyond a limit; None if the request may be served."""
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
        # Parsers handle the last coding only, and leave the others encoded.
        if name == b"transfer-encoding" and value.lower() != b"chunked":
            return 501, UNKNOWN_CODING
    return (431, TOO_LARGE) if total > MAX_HEAD_BYTES else None
