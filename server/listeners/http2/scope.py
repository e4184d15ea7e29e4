"""ASGI's scope of an HTTP/2 request."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from server.listeners.asgi import Scope


def request_scope(common: Scope, headers: Iterable[tuple[bytes, bytes]]) -> Scope | int:
    """The scope of a request with ``headers``, which h2 has validated; or the status that refuses it."""
    pseudo = {b":method": b"", b":path": b""}
    fields = [(b"host", b"")]
    for name, value in headers:
        if name.startswith(b":"):
            pseudo[name] = value
        elif name == b"host":
            pseudo.setdefault(b":authority", value)  # h2 has checked that they agree.
        else:
            fields.append((name, value))
    fields[0] = b"host", pseudo.get(b":authority", b"")
    method, path = pseudo[b":method"], pseudo[b":path"]
    if method == b"CONNECT":
        return 405
    if not method.isascii() or not path.isascii() or not path:
        return 400
    raw_path, _, query = path.partition(b"?")
    return {
        **common,
        "method": method.decode("ascii"),
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "headers": fields,
        "extensions": {},
    }
