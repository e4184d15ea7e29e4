"""The edge: ASGI messages in, ASGI messages out.

What lies below ``/v1/`` goes straight to the dispatcher; a small Starlette application serves what little there is
outside. Here bodies are read under a limit, and responses get their security headers; deadlines are the listener's.
"""

from __future__ import annotations

from time import perf_counter_ns

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from compat import requests, urls
from compat.envelope import errors_body
from compat.requests import Sent
from engines.faults import Fault, TooLarge
from server.answer import JSON, JSON_ALONE, Answer, Headers
from server.answering import refusal
from server.config import Listener
from server.dispatch import Dispatcher
from server.exposure import exposure_of
from server.headers import SECURITY, SECURITY_UNDER_TLS, header_lines, with_security
from server.lines import Lines
from server.listeners.asgi import (
    AT_ONCE,
    CLIENT_CERTIFICATE,
    KEPT,
    RELEASE,
    WHOLE_BODY,
    Hold,
    Message,
    Receive,
    Scope,
    Send,
    answer_error,
)
from server.request_log import log_request, request_logging

_BODILESS = frozenset({"GET", "HEAD", "LIST", "SCAN", "OPTIONS"})


_HTML = (b"content-type", b"text/html; charset=utf-8")


class Application:
    """The ASGI application of one listener."""

    def __init__(self, dispatcher: Dispatcher, listener: Listener) -> None:
        self._dispatcher = dispatcher
        self._listener = listener
        self._exposure = exposure_of(listener)
        self._tls = listener.tls
        self._max_bytes = listener.max_request_size_bytes
        self._headers = SECURITY_UNDER_TLS if self._tls else SECURITY
        self._usual_head = header_lines((*self._headers, JSON))
        self._outside = Starlette(
            routes=[StarletteRoute("/", _to_ui, methods=["GET", "HEAD"])],
            exception_handlers={HTTPException: _no_such_page},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request, as ASGI 3 defines it; listeners keep everything else away."""
        if not scope["path"].startswith("/v1/"):
            await self._outside(scope, receive, self._outward(scope, send))
            return
        sent = _sent(scope)
        if sent.ambiguous:
            _turned_away(scope, Answer(400, b""), perf_counter_ns())
            await answer_error(scope, send, 400, "both content-length and transfer-encoding", close=True)
            return
        if sent.lines and await self._stream(scope, sent, receive, send):
            return
        answer = await self._answer(scope, sent, receive)
        body = answer.body
        at_once = scope.pop(AT_ONCE, None)  # Left there, it would make the scope refer to itself.
        if at_once is not None and answer.status == 200 and answer.headers is JSON_ALONE and not sent.namespace:
            head = b"%scontent-length: %d\r\n\r\n" % (self._usual_head, len(body))
            if scope["method"] != "HEAD" and at_once(head, body):
                return
        headers = with_security(self._headers, answer.headers)
        if sent.namespace:
            headers.append((b"x-vault-namespace", sent.namespace))
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _stream(self, scope: Scope, sent: Sent, receive: Receive, send: Send) -> bool:
        """Serve a stream; False if the request isn't one and is to be served like any other."""
        try:
            request = requests.parse_lines_request(
                scope["method"], scope["raw_path"], scope["query_string"], sent, scope.get("client")
            )
        except Fault:
            return False
        opened = None if request is None else await self._dispatcher.open_stream(request)
        if opened is None:
            return False
        hold = scope.get(RELEASE, _unbounded)()
        echoed = ((b"x-vault-namespace", sent.namespace),) if sent.namespace else ()
        marks = () if isinstance(opened, Answer) else opened.headers
        lines = Lines(self._listener, receive, send, hold, (*self._headers, *echoed, *marks))
        if isinstance(opened, Answer):
            await lines.refuse(opened)
        else:
            await lines.serve(opened)
        return True

    async def _answer(self, scope: Scope, sent: Sent, receive: Receive) -> Answer:
        began = perf_counter_ns()
        try:
            body = await self._body(scope, sent, receive)
            request = requests.parse_request(
                scope["method"],
                scope["raw_path"],
                scope["query_string"],
                sent,
                body,
                scope.get("client"),
            )
        except Fault as fault:
            return _turned_away(scope, refusal(fault), began)
        if isinstance(request, requests.Request):
            if self._tls:
                request.client_certificate = scope.get("state", {}).get(CLIENT_CERTIFICATE, b"")
            return await self._dispatcher.answer(request, self._exposure)
        if isinstance(request, urls.Redirect):
            body = request.body(scope["method"])
            headers: Headers = ((b"location", request.location.encode()),)
            return _turned_away(scope, Answer(307, body, (*headers, _HTML) if body else headers), began)
        headers = ((b"content-type", request.content_type),) if request.content_type else ()
        return _turned_away(scope, Answer(request.status, request.body, headers), began)

    async def _body(self, scope: Scope, sent: Sent, receive: Receive) -> bytes:
        limit = self._max_bytes
        if sent.length > limit:
            raise TooLarge("http: request body too large")
        whole: bytes | None = scope.get(WHOLE_BODY)
        if whole is not None:
            return whole
        if not sent.length and scope["method"] in _BODILESS:
            return b""
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

    def _outward(self, scope: Scope, send: Send) -> Send:
        """``send``, with security headers and a line in the log."""
        began = perf_counter_ns()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _turned_away(scope, Answer(message["status"], b""), began)
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        return sending


def _turned_away(scope: Scope, answer: Answer, began: int) -> Answer:
    """``answer`` to what never comes to the dispatcher, which logs all others."""
    if request_logging.on:
        path = scope["raw_path"].decode("latin-1").removeprefix("/v1/")
        address = (scope.get("client") or ("",))[0]
        log_request(scope["method"], path, answer.status, perf_counter_ns() - began, address)
    return answer


def _sent(scope: Scope) -> Sent:
    """What the headers say, which the same head has said before."""
    kept = scope.get(KEPT)
    if kept is None:
        return requests.read_headers(scope["headers"])
    sent: Sent | None = kept.get("sent")
    if sent is None:
        sent = kept["sent"] = requests.read_headers(scope["headers"])
    return sent


def _unbounded() -> Hold:
    """There is nobody who watches over requests."""
    return lambda size: None


async def _to_ui(request: StarletteRequest) -> Response:
    return RedirectResponse("/ui/", status_code=307)


async def _no_such_page(request: StarletteRequest, error: Exception) -> Response:
    return Response(errors_body(()), status_code=404, media_type="application/json")
