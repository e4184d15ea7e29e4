"""The edge: ASGI messages in, ASGI messages out.

What lies below ``/v1/`` goes straight to the dispatcher; a small Starlette application serves what little there is
outside. Here bodies are read under a limit and a deadline, and every response gets its security headers. A response of
the API is sent as its start and its whole body, which the HTTP server below writes at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from compat import envelope, requests, statuses
from engines.faults import Fault, TooLarge, Unavailable
from server.dispatch import Answer, Dispatcher

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

log = logging.getLogger("cryptoserve.http")

MAX_REQUEST_BYTES = 10 * 1024 * 1024
"""The largest request body unless the listener's ``max_request_size`` says otherwise."""

MAX_REQUEST_SECONDS = 90.0
"""How long a request may take, its body's arrival included, unless ``max_request_duration`` says otherwise."""

_SECURITY: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_HSTS_UNDER_TLS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload")
_JSON = (b"content-type", b"application/json")
_BODILESS = frozenset({"GET", "HEAD", "LIST", "SCAN", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener lets through."""

    max_request_bytes: int = MAX_REQUEST_BYTES
    max_request_seconds: float = MAX_REQUEST_SECONDS


class Application:
    """The ASGI application of one listener."""

    def __init__(self, dispatcher: Dispatcher, limits: Limits, *, tls: bool) -> None:
        self._dispatcher = dispatcher
        self._limits = limits
        self._headers: Headers = [*_SECURITY, _HSTS_UNDER_TLS if tls else _HSTS]
        self._json_headers: Headers = [*self._headers, _JSON]
        self._outside = Starlette(
            routes=[StarletteRoute("/", _to_ui, methods=["GET", "HEAD"])],
            exception_handlers={HTTPException: _no_such_page},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event stream, as ASGI 3 defines it."""
        if scope["type"] == "http":
            if scope["path"].startswith("/v1/"):
                await self._api(scope, receive, send)
            else:
                await self._outside(scope, receive, self._with_security_headers(send))
        elif scope["type"] == "lifespan":
            await self._outside(scope, receive, send)
        else:
            raise ValueError(f"unsupported ASGI scope {scope['type']!r}")

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._limits.max_request_seconds):
                answer = await self._answer(scope, receive)
        except TimeoutError:
            log.warning("request took longer than %s seconds", self._limits.max_request_seconds)
            answer = _refusal(Unavailable("request timed out"))
        body = answer.body
        headers = self._json_headers if answer.json else self._headers
        if answer.headers:
            headers = [*headers, *answer.headers]
        if answer.status != 204:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            body = await self._read(scope, receive)
            request = requests.parse(
                scope["method"],
                scope["raw_path"],
                scope["query_string"],
                scope["headers"],
                body,
                scope.get("client"),
            )
        except Fault as fault:
            return _refusal(fault)
        if isinstance(request, requests.Redirect):
            return Answer(request.status, request.body, ((b"location", request.location),), json=False)
        return await self._dispatcher.answer(request)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        announced = _announced_length(scope["headers"])
        if announced == 0 and scope["method"] in _BODILESS:
            return b""
        limit = self._limits.max_request_bytes
        if announced > limit:
            raise TooLarge("http: request body too large")
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) > limit:
                raise TooLarge("http: request body too large")
            return body
        parts = [body]
        size = len(body)
        while message.get("more_body", False):
            if size > limit:
                raise TooLarge("http: request body too large")
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            parts.append(part)
        if size > limit:
            raise TooLarge("http: request body too large")
        return b"".join(parts)

    def _with_security_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        return sending


def _announced_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The body's length as announced, 0 without a body, 1 if it comes in chunks of unknown number."""
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else 1
        if name == b"transfer-encoding":
            return 1
    return 0


def _refusal(fault: Fault) -> Answer:
    status, texts = statuses.status_and_errors(fault)
    return Answer(status, envelope.errors(texts))


async def _to_ui(request: StarletteRequest) -> Response:
    return RedirectResponse("/ui/", status_code=307)


async def _no_such_page(request: StarletteRequest, error: Exception) -> Response:
    return Response(envelope.errors([]), status_code=404, media_type="application/json")
