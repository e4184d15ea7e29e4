"""Types of ASGI used by listeners, and a short answer in Vault's error format.

Every layer between a socket and the application is a callable of type ``Application``, so wrappers stack.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import orjson

from server.listeners.security_headers import security_headers
from server.runtime.identifiers import new_request_id

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
RELEASE = "cryptoserve.release"
"""In the scope: called by an application that bounds the request's time itself from then on. It returns a ``Hold``,
since earlier and later parts of the body aren't counted any more."""

Hold: TypeAlias = Callable[[int], None]
"""Sets the number of body bytes that a request holds at present. Raises a fault if that is too much."""


def unbounded() -> Hold:
    """What ``RELEASE`` is for a request without a deadline."""
    return lambda size: None


CLIENT_CERTIFICATE = "cryptoserve.client_certificate"
"""In the state of the scope: the client certificate, in DER, from the TLS handshake."""

AT_ONCE = "cryptoserve.at_once"
"""In the scope, if the listener has it: ``at_once(head, body) -> bool`` sends status 200 with the lines of ``head`` and
``body`` in one piece, replacing two messages; with False, they are still needed. ``head`` isn't checked."""

KEPT = "cryptoserve.kept"
"""In the scope, if the head was read before: a dictionary in which the application caches data about the head."""

WHOLE_BODY = "cryptoserve.whole_body"
"""In the scope, if the body arrived together with the head: the body. It can also be received as usual."""

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answer_error(scope: Scope, send: Send, status: int, message: str, *, close: bool = False) -> None:
    """Answer ``status`` with ``message`` in Vault's error format; ``close`` then closes the connection.

    HTTP/2 has no such header and never closes a connection for one request: there, ``close`` has no effect.
    """
    body = orjson.dumps({"errors": [message]})
    headers = [
        *security_headers(scope.get("scheme", "http")),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-vault-request-id", new_request_id().encode()),
    ]
    if close and str(scope.get("http_version", "1.1")).startswith("1"):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
