"""The console's requests: from the cookie to a session, to a page, to bytes.

A page is read with GET; a form of it is submitted with POST, which is one request to the API, and answered with the
page and the outcome. While the server is sealed, there is the page of the seal alone.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from compat.queries import MAX_FORM_BYTES, parse_form
from compat.statuses import status_of, texts_of
from engines.faults import InvalidRequest, TooLarge
from server.config import Listener
from server.console.api import Api, Result
from server.console.guard import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    Origin,
    is_token,
    judge_origin,
    login_token,
    new_login_cookie,
    set_cookie,
)
from server.console.login import Logins, in_namespace, namespace_of
from server.console.menu import menu_of
from server.console.pages import PAGES, SEAL
from server.console.render import render, static_file
from server.console.sessions import Session, Sessions
from server.console.visit import Content, Outcome, Page, Visit
from server.core.lifecycle import Core
from server.pipeline.dispatch import Dispatcher
from server.pipeline.faults import fault_of
from server.pipeline.open_routes import exposure_of
from server.system.access.ui_headers import stored_headers

log = logging.getLogger(__name__)

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
_STATIC_AGE = b"private, max-age=31536000, immutable"
_CROSS_SITE = Result(403, errors=["this request came from another site"])
_STALE_FORM = Result(403, errors=["this form is too old, or isn't of this session; load the page again"])
_LOGIN = "login"

Headers = list[tuple[bytes, bytes]]
Handler = Callable[[Request], Awaitable[Response]]


class Console:
    """The console on one listener."""

    def __init__(self, core: Core, dispatcher: Dispatcher, listener: Listener) -> None:
        self._core = core
        self._dispatcher = dispatcher
        self._permissions = exposure_of(listener)
        self._scheme = "https" if listener.tls else "http"
        self._sessions = Sessions(core.runtime)
        self._logins = Logins(core.runtime, self._sessions)

    def routes(self) -> Sequence[BaseRoute]:
        """All routes below ``/ui/``."""
        return [
            Route("/ui", _to_overview, methods=["GET", "HEAD"]),
            Route("/ui/static/{name}", _static, methods=["GET", "HEAD"]),
            Route("/ui/login", self._guarded(self._login), methods=["GET", "HEAD", "POST"]),
            Route("/ui/callback/{mount:path}", self._guarded(self._callback, linked=True), methods=["GET", "HEAD"]),
            Route("/ui/logout", self._guarded(self._logout), methods=["POST"]),
            *(Route(page.path, self._guarded(self._serving(page)), methods=["GET", "HEAD", "POST"]) for page in PAGES),
        ]

    def _guarded(self, handler: Handler, *, linked: bool = False) -> Handler:
        """``handler`` for requests from the console's own pages; ``linked`` ones may come from anywhere."""

        async def guarded(request: Request) -> Response:
            has_session = SESSION_COOKIE in request.cookies
            origin = judge_origin(request.method, request.headers, self._address(request), has_session=has_session)
            if origin is Origin.ELSEWHERE and not linked:
                return await self._refresh(_target(request))
            if origin is Origin.REFUSED and not linked:
                return await self._failure(request, _CROSS_SITE)
            try:
                if self._core.unsealed is None and request.url.path != SEAL.path:
                    return _redirect(SEAL.path)
                return await handler(request)
            except Exception as error:  # noqa: BLE001 - the one place where bugs of pages end
                fault = fault_of(error)
                if fault is None:
                    return await self._failure(request, _logged(error))
                return await self._failure(request, Result(status_of(fault), errors=list(texts_of(fault))))

        return guarded

    def _address(self, request: Request) -> str:
        """The scheme and authority at which browsers reach the server."""
        configured = self._core.runtime.settings.api_address.rstrip("/")
        return configured or f"{self._scheme}://{request.headers.get('host', '')}"

    def _api(self, request: Request, token: str = "", namespace: str = "") -> Api:
        client = None if request.client is None else (request.client.host, request.client.port)
        return Api(self._dispatcher, self._permissions, client, token, namespace)

    def _serving(self, page: Page) -> Handler:
        async def serve(request: Request) -> Response:
            session = None if self._core.unsealed is None else await self._session(request)
            if session is None and page is not SEAL:
                return _redirect(f"/ui/login?{urlencode({'next': _target(request)})}")
            return await self._serve(request, page, session)

        return serve

    async def _session(self, request: Request) -> Session | None:
        """The session of ``request``, unless its token has ended."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        session = await self._sessions.find(cookie, active="live" not in request.query_params)
        unsealed = self._core.unsealed
        if session is None or unsealed is None:
            return None
        await self._core.runtime.cache.catch_up()
        home = await unsealed.home(session.token)
        if await home.tokens.authenticate(session.token, self._core.runtime.clock()) is not None:
            return session
        await self._sessions.end(session)
        return None

    async def _serve(self, request: Request, page: Page, session: Session | None) -> Response:
        """``page``, after its submitted form was carried out."""
        if session is None:
            namespace, token = "", ""
        else:
            namespace, token = request.query_params.get("namespace", session.namespace).strip("/"), session.token
        api = self._api(request, token, namespace)
        visit = Visit(
            api,
            self._sessions,
            session,
            self._core.runtime.clock(),
            dict(request.path_params),
            dict(request.query_params),
        )
        login_cookie = request.cookies.get(LOGIN_COOKIE) or new_login_cookie()
        csrf_token = login_token(login_cookie) if session is None else session.csrf_token
        if request.method == "POST":
            visit.submitted = await _form(request)
            if not is_token(visit.submitted.get("csrf_token", ""), csrf_token):
                return await self._failure(request, _STALE_FORM, session)
            visit.outcome = await _carry_out(page, visit)
        content = await page.load(visit)
        if content.download is not None:
            return content.download
        status = content.status
        if visit.outcome is not None and not visit.outcome.result.ok:
            status = visit.outcome.result.status
        headers = [] if session is not None else [set_cookie(LOGIN_COOKIE, login_cookie, "Lax")]
        return await self._page(request, page, content, visit, csrf_token, status, headers)

    async def _page(
        self,
        request: Request,
        page: Page,
        content: Content,
        visit: Visit,
        csrf_token: str,
        status: int,
        headers: Headers,
    ) -> Response:
        session = visit.session
        context: dict[str, Any] = {
            "page": page,
            "title": content.title or page.title,
            "menu": [] if session is None else await menu_of(visit.api),
            "session": session,
            "idle_seconds": int(self._sessions.idle_seconds),
            "csrf_token": csrf_token,
            "namespace": visit.namespace,
            "namespace_query": f"?{urlencode({'namespace': visit.namespace})}" if visit.namespace else "",
            "query": visit.query,
            "here": _target(request),
            "readings": content.readings,
            "forms": {form.name: form for form in content.forms or page.forms},
            "values": {**visit.parameters, **content.values},
            "outcome": visit.outcome,
            "submitted": visit.submitted,
            **content.context,
        }
        return await self._html(page.template, context, status, headers)

    async def _login(self, request: Request) -> Response:
        login_cookie = request.cookies.get(LOGIN_COOKIE) or new_login_cookie()
        submitted = await _form(request) if request.method == "POST" else {}
        namespace = submitted.get("namespace", request.query_params.get("namespace", "")).strip("/")
        api = self._api(request, namespace=namespace)
        if "start" in request.query_params:
            return await self._go_to_provider(request, api, request.query_params["start"], login_cookie)
        refused = None
        if request.method == "POST":
            if not is_token(submitted.get("csrf_token", ""), login_token(login_cookie)):
                refused = _STALE_FORM
            else:
                began = await self._begun(request, api, submitted)
                if not isinstance(began, Result):
                    return self._logged_in(began[1], _safe(submitted.get("next", "")), 303)
                refused = began
        context = {
            "title": "Log in",
            "methods": await self._logins.methods(api),
            "refused": refused,
            "namespace": namespace,
            "next": _safe(submitted.get("next", request.query_params.get("next", ""))),
            "csrf_token": login_token(login_cookie),
        }
        status = 200 if refused is None else refused.status
        return await self._html("login.html", context, status, [set_cookie(LOGIN_COOKIE, login_cookie, "Lax")])

    async def _begun(self, request: Request, api: Api, submitted: Mapping[str, str]) -> tuple[Session, str] | Result:
        """The session of a login by form."""
        if "username" in submitted:
            mount = submitted.get("mount", "")
            result = await self._logins.with_password(api, mount, submitted["username"], submitted.get("password", ""))
            return await self._logins.begin(api, result)
        token = submitted.get("token", "").strip()
        address = "" if request.client is None else request.client.host
        return await self._logins.with_token(self._api(request, token, api.namespace), token, address)

    async def _go_to_provider(self, request: Request, api: Api, mount: str, login_cookie: str) -> Response:
        result = await self._logins.address(api, mount, self._address(request), login_cookie)
        address = str(result.data.get("auth_url") or "")
        if not address.startswith(("https://", "http://")):
            errors = result.errors or ["this login isn't set up for a default role and this address"]
            return await self._failure(request, Result(max(result.status, 400), errors=errors))
        cookie = set_cookie(LOGIN_COOKIE, in_namespace(login_cookie, api.namespace), "Lax")
        return _redirect(address, [cookie])

    async def _callback(self, request: Request) -> Response:
        login_cookie = request.cookies.get(LOGIN_COOKIE, "")
        if not login_cookie:
            return await self._failure(request, Result(403, errors=["this login was begun in another browser"]))
        api = self._api(request, namespace=namespace_of(login_cookie))
        result = await self._logins.finish(api, request.path_params["mount"], request.query_params, login_cookie)
        began = await self._logins.begin(api, result)
        if isinstance(began, Result):
            return await self._failure(request, began)
        # A cookie that is strict doesn't survive a redirect from another site, but a refresh.
        return self._logged_in(began[1], "/ui/", 200)

    def _logged_in(self, cookie: str, target: str, status: int) -> Response:
        headers = [set_cookie(SESSION_COOKIE, cookie, "Strict"), set_cookie(LOGIN_COOKIE, "", "Lax")]
        return _redirect(target, headers) if status == 303 else _refreshing(target, headers)

    async def _logout(self, request: Request) -> Response:
        """End the session of the request, or the one of the same caller that ``session`` names."""
        session = await self._session(request)
        if session is not None:
            submitted = await _form(request)
            if not is_token(submitted.get("csrf_token", ""), session.csrf_token):
                return await self._failure(request, _STALE_FORM, session)
            ended = submitted.get("session", session.id)
            for own in await self._sessions.of(session.owner):
                if own.id == ended:
                    await self._logins.end(self._api(request, own.token, own.namespace), own)
            if ended != session.id:
                return _redirect("/ui/logins")
        return _redirect("/ui/login", [set_cookie(SESSION_COOKIE, "", "Strict")])

    async def _refresh(self, target: str) -> Response:
        return _refreshing(target, [])

    async def _failure(self, request: Request, result: Result, session: Session | None = None) -> Response:
        context = {"title": "Not done", "result": result, "session": session}
        return await self._html("failure.html", context, result.status, [])

    async def _html(self, template: str, context: Mapping[str, Any], status: int, headers: Headers) -> Response:
        """``template`` as an answer, with the headers that ``sys/config/ui/headers`` sets."""
        fixed = dict(_HEADERS)
        unsealed = self._core.unsealed
        if unsealed is not None:
            for name, values in (await stored_headers(unsealed)).items():
                fixed[name.lower().encode()] = ", ".join(values).encode()
        response = Response(render(template, context), status)
        response.raw_headers = [*fixed.items(), *headers]
        return response


def _logged(error: Exception) -> Result:
    """The answer to an unexpected exception, whose message isn't logged: it may hold the caller's input."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("a page ended in %s\n%s", type(error).__name__, frames)
    return Result(500, errors=["the page can't be shown; the server's log says why"])


async def _carry_out(page: Page, visit: Visit) -> Outcome:
    """Make the request that the submitted form stands for."""
    form = page.form(visit.submitted.get("form", ""))
    if form is None:
        return Outcome("", Result(400, errors=["there is no such form on this page"]))
    try:
        path, data = form.request(visit.submitted, visit.parameters)
    except InvalidRequest as fault:
        return Outcome(form.name, Result(400, errors=[fault.message or ""]))
    query = {name: str(value) for name, value in data.items()} if form.method in ("GET", "LIST") else None
    return Outcome(form.name, await visit.api.send(form.method, path, None if query is not None else data, query))


async def _form(request: Request) -> dict[str, str]:
    """The submitted form. Raises ``TooLarge`` and ``InvalidRequest``."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge(f"a form is at most {MAX_FORM_BYTES} bytes large; use the command line for larger data")
    return {name: str(value) for name, value in parse_form(bytes(body)).items()}


def _target(request: Request) -> str:
    """The path and the query of ``request``."""
    query = request.url.query
    return quote(request.url.path, safe="/%") + (f"?{query}" if query else "")


def _safe(target: str) -> str:
    """``target`` if it is a page of the console, else the overview."""
    inside = target.startswith("/ui/") and "\\" not in target and target.isprintable() and ".." not in target
    return target if inside and not target.startswith("/ui/log") else "/ui/"


def _redirect(target: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    response = Response(b"", 303)
    response.raw_headers = [(b"location", target.encode("ascii", "ignore")), *headers]
    return response


def _refreshing(target: str, headers: Headers) -> Response:
    """An empty page that loads ``target``."""
    response = Response(b"<!doctype html><title>CryptoServe</title>", 200)
    response.raw_headers = [*_HEADERS.items(), (b"refresh", b"0;url=" + target.encode("ascii", "ignore")), *headers]
    return response


async def _to_overview(request: Request) -> Response:
    return _redirect("/ui/")


async def _static(request: Request) -> Response:
    found = static_file(request.path_params["name"])
    if found is None:
        return Response(b"", 404)
    contents, kind = found
    response = Response(contents)
    response.raw_headers = [(b"content-type", kind.encode()), (b"cache-control", _STATIC_AGE)]
    return response
