"""Shared parts of all requests of the console: the API for one of them, and answers with the console's headers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from compat.queries import MAX_FORM_BYTES, parse_form
from engines.faults import InvalidRequest, TooLarge
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

_MAX_FIELDS = 64
_MAX_FILES = 8

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form that was sent: its fields, and the files that were chosen, by the names of their fields."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


class _InMemory(MultiPartParser):
    """A parser that writes nothing to disk: a file may be a secret."""

    spool_max_size = 2**62


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
        most = self.listener.max_request_size_bytes
        return Api(self.dispatcher, self.permissions, client, token, namespace, max_bytes=most)

    async def revoke(self, session: Session) -> None:
        """Revoke the token of ``session``, as its caller."""
        most = self.listener.max_request_size_bytes
        api = Api(self.dispatcher, self.permissions, None, session.token, session.namespace, max_bytes=most)
        await api.write("auth/token/revoke-self")

    async def form(self, request: Request) -> Submitted:
        """The submitted form, with its files. Raises ``TooLarge`` and ``InvalidRequest``."""
        most = self.listener.max_request_size_bytes
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await _read_files(request, most)
        most = min(MAX_FORM_BYTES, most)
        body = bytearray()
        async for chunk in _bounded(request, most):
            body += chunk
        return Submitted({name: str(value) for name, value in parse_form(bytes(body)).items()})

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


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body of ``request``. Raises ``TooLarge``."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLarge(f"a form is at most {most} bytes large")
        yield chunk


async def _read_files(request: Request, most: int) -> Submitted:
    parser = _InMemory(
        request.headers,
        _bounded(request, most),
        max_files=_MAX_FILES,
        max_fields=_MAX_FIELDS,
        max_part_size=MAX_FORM_BYTES,
    )
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    try:
        form = await parser.parse()
    except (MultiPartException, LookupError, ValueError):
        raise InvalidRequest("error parsing form data") from None
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = value
        elif value.filename:
            files[name] = await value.read()
    await form.close()
    return Submitted(fields, files)


def with_headers(response: Response) -> Response:
    """``response`` with those of the console's headers that it lacks, a download or a redirect."""
    present = {name for name, _ in response.raw_headers}
    response.raw_headers.extend(header for header in _HEADERS.items() if header[0] not in present | {b"content-type"})
    return response


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
