"""ASGI application: bodies read under a limit, requests parsed, answers sent with security headers.

Paths below ``/v1/`` go to the dispatcher; a small Starlette application serves the few others. Deadlines are the
listener's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter_ns

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute

from compat import requests, urls
from compat.envelope import errors_body
from compat.json.text import parse_plain
from compat.requests import Sent
from engines.faults import Fault
from engines.worker_pools import beside
from server.config import Listener
from server.listeners.asgi import (
    AT_ONCE,
    CLIENT_CERTIFICATE,
    KEPT,
    RELEASE,
    WHOLE_BODY,
    Message,
    Receive,
    Scope,
    Send,
    answer_error,
    unbounded,
)
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.listeners.security_headers import SECURITY, SECURITY_UNDER_TLS, header_lines, with_security
from server.pipeline.dispatch import Dispatcher
from server.pipeline.large_bodies import (
    FEW_BYTES,
    PLAIN_BODY_BYTES,
    UNKNOWN_CALLER,
    LargeBody,
    check_present,
    is_modest,
    size_limit,
    too_large,
)
from server.pipeline.linger import PAUSE_SECONDS, SECONDS, linger
from server.pipeline.ndjson import NdjsonConnection
from server.pipeline.open_routes import exposure_of
from server.pipeline.pieces import PiecesConnection
from server.pipeline.response import JSON, JSON_ALONE, REQUEST_ID, Answer, GoneError, Headers, refusal
from server.pipeline.stream import Stream
from server.runtime.identifiers import new_request_id
from server.runtime.request_log import log_request, request_logging

_LARGE = "cryptoserve.large_body"
"""In the scope: a body that is read on demand, perhaps not to its end before the answer."""

_BODILESS = frozenset({"GET", "HEAD", "LIST", "SCAN", "OPTIONS"})


_HTML = (b"content-type", b"text/html; charset=utf-8")


class Application:
    """The ASGI application of one listener."""

    def __init__(self, dispatcher: Dispatcher, listener: Listener, others: Sequence[BaseRoute] = ()) -> None:
        """``others`` are routes outside of the API."""
        self._dispatcher = dispatcher
        self._listener = listener
        self._permissions = exposure_of(listener)
        self._tls = listener.tls
        self._max_bytes = listener.max_request_size_bytes
        self._few_bytes = min(FEW_BYTES, self._max_bytes)
        self._headers = SECURITY_UNDER_TLS if self._tls else SECURITY
        self._usual_head = header_lines((*self._headers, JSON))
        self._outside = Starlette(
            routes=[StarletteRoute("/", _to_ui, methods=["GET", "HEAD"]), *others],
            exception_handlers={HTTPException: _no_such_page},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request by ASGI 3; listeners handle all other events."""
        if not scope["path"].startswith("/v1/"):
            await self._outside(scope, receive, self._outward(scope, send))
            return
        kept = scope.get(KEPT)  # Beside a cached head, with the same parsed headers for each request.
        sent: Sent | None = None if kept is None else kept.get("sent")
        if sent is None:
            sent = requests.read_headers(scope["headers"])
            if kept is not None:
                kept["sent"] = sent
        if sent.ambiguous:
            _turned_away(scope, Answer(400, b""), perf_counter_ns())
            await answer_error(scope, send, 400, "both content-length and transfer-encoding", close=True)
            return
        if sent.lines and await self._stream(scope, sent, receive, send):
            return
        try:
            answer = await self._answer(scope, sent, receive)
        except GoneError:
            return
        finally:
            large = scope.pop(_LARGE, None)  # As ``AT_ONCE``.
        # Neither has a body: a client would take one for the beginning of the next answer.
        body = b"" if answer.status in (204, 304) else answer.body
        at_once = scope.pop(AT_ONCE, None)  # Otherwise the scope would refer to itself.
        amid = answer.status == 413 if large is None else large.more
        if (
            at_once is not None
            and answer.request_id
            and answer.status == 200
            and answer.headers is JSON_ALONE
            and not (sent.namespace or amid)
        ):
            head = b"%scontent-length: %d\r\n%b: %b\r\n\r\n" % (
                self._usual_head,
                len(body),
                REQUEST_ID,
                answer.request_id.encode(),
            )
            if scope["method"] != "HEAD" and at_once(head, body):
                return
        headers = with_security(self._headers, answer.headers)
        if sent.namespace:
            headers.append((b"x-vault-namespace", sent.namespace))
        if answer.pieces is not None:
            headers.append(_identified(answer))
            sending = PiecesConnection(self._listener, receive, send, scope.get(RELEASE, unbounded))
            await sending.serve(answer, headers, amid=amid and scope.get("http_version", "1.1").startswith("1"))
            return
        if answer.status != 204:
            headers.append((b"content-length", b"%d" % len(body)))
        headers.append(_identified(answer))
        if amid:
            await self._answer_amid(scope, answer.status, headers, body, receive, send)
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer_amid(
        self,
        scope: Scope,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer before the end of the body; an HTTP/1 connection is closed once the client has read the answer."""
        scope.get(RELEASE, unbounded)()
        pause_seconds = PAUSE_SECONDS
        if scope.get("http_version", "1.1").startswith("1"):
            headers.append((b"connection", b"close"))
            pause_seconds = SECONDS
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": True}
        )
        await linger(receive, pause_seconds)
        await send({"type": "http.response.body", "body": b""})

    async def _stream(self, scope: Scope, sent: Sent, receive: Receive, send: Send) -> bool:
        """Serve a stream; False if the request isn't one."""
        try:
            request = requests.parse_lines_request(
                scope["method"], scope["raw_path"], scope["query_string"], sent, scope.get("client")
            )
        except Fault:
            return False
        opened = None if request is None else await self._dispatcher.open_stream(request)
        if opened is None:
            return False
        hold = scope.get(RELEASE, unbounded)()
        echoed = ((b"x-vault-namespace", sent.namespace),) if sent.namespace else ()
        marks = () if isinstance(opened, Answer) else opened.headers
        headers = (*self._headers, _identified(opened), *echoed, *marks)
        lines = NdjsonConnection(self._listener, receive, send, hold, headers)
        if isinstance(opened, Answer):
            await lines.refuse(opened)
        else:
            await lines.serve(opened)
        return True

    async def _answer(self, scope: Scope, sent: Sent, receive: Receive) -> Answer:
        """The answer to a request. Raises ``GoneError`` if the client has gone."""
        began = perf_counter_ns()
        try:
            body: bytes | None = scope.get(WHOLE_BODY)
            if body is None or len(body) > self._few_bytes:
                taken = await self._body(scope, sent, receive, body)
                if isinstance(taken, LargeBody):
                    scope[_LARGE] = taken
                    return await self._answer_large(scope, sent, receive, taken)
                body = taken
            request = requests.parse_request(
                scope["method"], scope["raw_path"], scope["query_string"], sent, body, scope.get("client")
            )
            if not isinstance(request, requests.Request):
                return _turned_away(scope, _early_answer(request, scope["method"]), began)
            if self._tls:
                request.client_certificate = scope.get("state", {}).get(CLIENT_CERTIFICATE, b"")
            return await self._dispatcher.answer(request, self._permissions)
        except Fault as fault:
            return _turned_away(scope, refusal(fault), began)

    async def _answer_large(self, scope: Scope, sent: Sent, receive: Receive, body: LargeBody) -> Answer:
        """The answer to a request with a costly body, unless it turns out to be cheap to parse."""
        began = perf_counter_ns()
        request = requests.parse_request(
            scope["method"], scope["raw_path"], scope["query_string"], sent, b"", scope.get("client")
        )
        if not isinstance(request, requests.Request):
            return _turned_away(scope, _early_answer(request, scope["method"]), began)
        if self._tls:
            request.client_certificate = scope.get("state", {}).get(CLIENT_CERTIFICATE, b"")
        if body.more and body.size > self._max_bytes:
            raise too_large(size_limit(self._max_bytes))
        if not requests.reads_body(request):
            return await self._dispatcher.answer(request, self._permissions)
        data = None if body.more or body.size > PLAIN_BODY_BYTES else parse_plain(body.first)
        if data is None:
            return await self._answer_costly(request, sent, receive, body)
        request.data = data
        return await self._dispatcher.answer(request, self._permissions)

    async def _answer_costly(self, request: requests.Request, sent: Sent, receive: Receive, body: LargeBody) -> Answer:
        """The answer to ``request``, given without its body: the token is checked before the body is read on."""
        bound = await self._dispatcher.body_bound(request, self._permissions)
        if not bound:
            request.unread = True
            return await self._dispatcher.answer(request, self._permissions)
        if sent.length > bound:
            raise too_large(UNKNOWN_CALLER)
        if bound <= PLAIN_BODY_BYTES or requests.UNKNOWN_LENGTH < sent.length <= PLAIN_BODY_BYTES:
            return await self._answer_whole(request, sent, receive, body, bound)
        async with self._dispatcher.held.turn():
            return await self._answer_whole(request, sent, receive, body, bound)

    async def _answer_whole(
        self, request: requests.Request, sent: Sent, receive: Receive, body: LargeBody, bound: int
    ) -> Answer:
        """The answer to ``request``, whose body may have ``bound`` bytes, once the body has arrived."""
        dispatcher, permissions = self._dispatcher, self._permissions
        limit = UNKNOWN_CALLER if bound < self._max_bytes else size_limit(self._max_bytes)
        whole = await body.whole(min(bound, self._max_bytes), limit)
        data = parse_plain(whole) if len(whole) <= PLAIN_BODY_BYTES else None
        if data is not None:
            request.data = data
            return await dispatcher.answer(request, permissions)
        if bound <= PLAIN_BODY_BYTES:
            raise too_large(UNKNOWN_CALLER)
        parse = partial(requests.parse_body, sent, whole)
        if len(whole) <= SMALL_BODY_BYTES:
            request.data = parse()
            return await dispatcher.answer(request, permissions)
        async with dispatcher.turns.turn(receive):
            request.data = await beside(parse)
            await check_present(receive)
            request.large = True
            del whole, parse
            return await dispatcher.answer(request, permissions)

    async def _body(self, scope: Scope, sent: Sent, receive: Receive, whole: bytes | None) -> bytes | LargeBody:
        """The body, which may have arrived ``whole``; or the part read so far of one that isn't parsed at once."""
        limit = self._max_bytes
        if sent.length > limit:
            raise too_large(size_limit(limit))
        if whole is None:
            if not sent.length and scope["method"] in _BODILESS:
                return b""
            large = LargeBody(receive)
            if sent.length > SMALL_BODY_BYTES:
                return large
            await large.read(min(SMALL_BODY_BYTES, limit))
            if large.more or large.size > SMALL_BODY_BYTES:
                return large
            whole = bytes(await large.whole(limit, size_limit(limit)))
        return whole if is_modest(whole) else LargeBody(receive, whole, more=False)

    def _outward(self, scope: Scope, send: Send) -> Send:
        """``send``, with security headers and a log line added."""
        began = perf_counter_ns()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _turned_away(scope, Answer(message["status"], b""), began)
                identifier = REQUEST_ID, new_request_id().encode()
                message["headers"] = [*with_security(self._headers, (*message.get("headers", ()), identifier))]
            await send(message)

        return sending


def _identified(answer: Answer | Stream) -> tuple[bytes, bytes]:
    """The header that names the request which ``answer`` is to."""
    return REQUEST_ID, (answer.request_id or new_request_id()).encode()


def _early_answer(early: urls.Redirect | urls.Refusal, method: str) -> Answer:
    """The answer to a request that needs no dispatch."""
    if isinstance(early, urls.Redirect):
        body = early.body(method)
        headers: Headers = ((b"location", early.location.encode()),)
        return Answer(307, body, (*headers, _HTML) if body else headers)
    headers = ((b"content-type", early.content_type),) if early.content_type else ()
    return Answer(early.status, early.body, headers)


def _turned_away(scope: Scope, answer: Answer, began: int) -> Answer:
    """``answer`` to a request that doesn't reach the dispatcher, logged here."""
    if request_logging.on:
        path = scope["raw_path"].decode("latin-1").removeprefix("/v1/")
        address = (scope.get("client") or ("",))[0]
        log_request(scope["method"], path, answer.status, perf_counter_ns() - began, address)
    return answer


async def _to_ui(request: StarletteRequest) -> Response:
    return RedirectResponse("/ui/", status_code=307)


async def _no_such_page(request: StarletteRequest, error: Exception) -> Response:
    return Response(errors_body(()), status_code=404, media_type="application/json")
