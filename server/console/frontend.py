"""Shared parts of all requests of the console: the API for one of them, and answers with the console's headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from compat.queries import MAX_FORM_BYTES, parse_form
from engines.faults import TooLarge
from server.config import Listener
from server.console.api import Api, Result
from server.console.render import render
from server.console.sessions import Session
from server.core.lifecycle import Core
from server.pipeline.dispatch import Dispatcher
from server.pipeline.open_routes import exposure_of
from server.system.access.ui_headers import stored_headers

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    b"content-type": b"text/html; charset=utf-8",
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
}
_EMPTY_PAGE = b"<!doctype html><title>CryptoServe</title>"

STALE_FORM = Result(403, errors=["this form is too old, or isn't of this session; load the page again"])

Headers = Sequence[tuple[bytes, bytes]]


class Frontend:
    """The console's side of one listener."""

    def __init__(self, core: Core, dispatcher: Dispatcher, listener: Listener) -> None:
        self.core = core
        self.dispatcher = dispatcher
        self.permissions = exposure_of(listener)
        self.listener = listener

    def address(self, request: Request) -> str:
        """The scheme and authority at which browsers reach the server."""
        configured = self.core.runtime.settings.api_address.rstrip("/")
        scheme = "https" if self.listener.tls else "http"
        return configured or f"{scheme}://{request.headers.get('host', '')}"

    def api(self, request: Request, token: str = "", namespace: str = "") -> Api:
        """The API for the sender of ``request``, with ``token`` in ``namespace``."""
        client = None if request.client is None else (request.client.host, request.client.port)
        return Api(self.dispatcher, self.permissions, client, token, namespace)

    async def form(self, request: Request) -> dict[str, str]:
        """The submitted form. Raises ``TooLarge`` and ``InvalidRequest``."""
        most = min(MAX_FORM_BYTES, self.listener.max_request_size_bytes)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise TooLarge(f"a form is at most {most} bytes large")
        return {name: str(value) for name, value in parse_form(bytes(body)).items()}

    async def html(
        self, template: str, context: Mapping[str, Any], status: int = 200, headers: Headers = ()
    ) -> Response:
        """``template`` as an answer, with the headers that ``sys/config/ui/headers`` sets."""
        fixed = dict(_HEADERS)
        unsealed = self.core.unsealed
        if unsealed is not None:
            for name, values in (await stored_headers(unsealed)).items():
                fixed[name.lower().encode()] = ", ".join(values).encode()
        response = Response(render(template, context), status)
        response.raw_headers = [*fixed.items(), *headers]
        return response

    async def failure(self, result: Result, session: Session | None = None) -> Response:
        """The page that says why nothing was done."""
        return await self.html(
            "failure.html", {"title": "Not done", "result": result, "session": session}, result.status
        )


def redirect(target: str, headers: Headers = ()) -> Response:
    """An answer that sends the browser to ``target``."""
    response = Response(b"", 303)
    response.raw_headers = [(b"location", target.encode("ascii", "ignore")), *headers]
    return response


def refreshing(target: str, headers: Headers = ()) -> Response:
    """An empty page that loads ``target``."""
    response = Response(_EMPTY_PAGE, 200)
    response.raw_headers = [*_HEADERS.items(), (b"refresh", b"0;url=" + target.encode("ascii", "ignore")), *headers]
    return response


def target_of(request: Request) -> str:
    """The path and the query of ``request``."""
    query = request.url.query
    return quote(request.url.path, safe="/%") + (f"?{query}" if query else "")
