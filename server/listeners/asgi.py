"""The types of ASGI as far as listeners need them, and a small answer in Vault's form.

Everything between a socket and the application is a callable of type ``Application``, so wrappers stack.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import orjson

from server.listeners.security_headers import security_headers

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
RELEASE = "cryptoserve.release"
"""In the scope: what an application calls that watches over the time of a request by itself from then on. It returns a
``Hold``, since what has come of the body by then, and comes later, isn't counted any more."""

Hold: TypeAlias = Callable[[int], None]
"""Says how many bytes of its body a request holds at present. Raises a fault if that is too much."""

CLIENT_CERTIFICATE = "cryptoserve.client_certificate"
"""In the state of the scope: the certificate, in DER, that the client has shown in the TLS handshake."""

AT_ONCE = "cryptoserve.at_once"
"""In the scope, where the listener has it: ``at_once(head, body) -> bool`` sends status 200 with the lines of ``head``
and ``body`` in one piece, in place of two messages; False leaves it to those. Nothing in ``head`` is checked."""

KEPT = "cryptoserve.kept"
"""In the scope, where the head has been read before: a dictionary for what the application makes of the head alone."""

WHOLE_BODY = "cryptoserve.whole_body"
"""In the scope, where the body came in one piece with the head: the body. It can be received all the same."""

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


async def answer_error(scope: Scope, send: Send, status: int, message: str, *, close: bool = False) -> None:
    """Answer ``status`` with ``message`` in Vault's error envelope; ``close`` ends the connection behind it.

    HTTP/2 has no such header and closes no connection for one request: there, ``close`` has no effect.
    """
    body = orjson.dumps({"errors": [message]})
    headers = [
        *security_headers(scope.get("scheme", "http")),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if close and str(scope.get("http_version", "1.1")).startswith("1"):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
