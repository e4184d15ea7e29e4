"""The console's requests: from the cookie to a session, to a page, to bytes.

A page is read with GET; a form of it is submitted with POST, which is one request to the API, and answered with the
page and the outcome. While the server is sealed, there is the page of the seal alone.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from compat.statuses import status_of, texts_of
from engines.faults import Fault, InvalidRequest
from server.config import Listener
from server.console.api import Result
from server.console.files import Part, carry_out, refused
from server.console.frontend import STALE_FORM, Frontend, Headers, redirect, refreshing, target_of, with_headers
from server.console.guard import (
    LOGIN_COOKIE,
    LOGIN_PATH,
    SESSION_COOKIE,
    Origin,
    is_token,
    judge_origin,
    login_cookie_of,
    login_token,
    new_login_cookie,
    set_cookie,
)
from server.console.login.pages import LoginPages
from server.console.menu import NEEDED, menu_of, namespaces_of
from server.console.pages import PAGES, SEAL
from server.console.render import static_file
from server.console.rights import Rights, paths_of, rights_of, usable
from server.console.sessions import Session, Sessions
from server.console.visit import Content, Outcome, Page, Visit
from server.core.lifecycle import Core
from server.pipeline.dispatch import Dispatcher
from server.pipeline.faults import fault_of

log = logging.getLogger(__name__)

_STATIC_AGE = b"private, max-age=31536000, immutable"
_ENDED = Result(403, errors=["the session has ended; log in again"])
_NO_PAGE = Result(404, errors=["there is no such page"])
_CROSS_SITE = Result(403, errors=["this request came from another site"])

Handler = Callable[[Request], Awaitable[Response]]


class Console:
    """The console on one listener."""

    def __init__(self, core: Core, dispatcher: Dispatcher, listener: Listener) -> None:
        self._core = core
        self._frontend = Frontend(core, dispatcher, listener)
        self._sessions = Sessions(core.runtime, self._frontend.revoke)
        self._logins = LoginPages(self._frontend, self._sessions)

    def routes(self) -> Sequence[BaseRoute]:
        """All routes below ``/ui/``."""
        return [
            Route("/ui", _to_overview, methods=["GET", "HEAD"]),
            Route("/ui/static/{name}", _static, methods=["GET", "HEAD"]),
            Route(LOGIN_PATH, self._guarded(self._logins.login), methods=["GET", "HEAD", "POST"]),
            Route(
                "/ui/callback/{mount:path}", self._guarded(self._logins.callback, linked=True), methods=["GET", "HEAD"]
            ),
            Route("/ui/logout", self._guarded(self._logout), methods=["POST"]),
            Route("/ui/tools/files", self._guarded(self._files), methods=["POST"]),
            *(Route(page.path, self._guarded(self._serving(page)), methods=["GET", "HEAD", "POST"]) for page in PAGES),
            Route("/ui/{rest:path}", self._guarded(self._elsewhere), methods=["GET", "HEAD"]),
        ]

    def _guarded(self, handler: Handler, *, linked: bool = False) -> Handler:
        """``handler`` for requests from the console's own pages; ``linked`` ones may come from anywhere."""

        async def guarded(request: Request) -> Response:
            has_session = SESSION_COOKIE in request.cookies
            origin = judge_origin(
                request.method, request.headers, self._frontend.address(request), has_session=has_session
            )
            if origin is Origin.ELSEWHERE and not linked:
                return refreshing(target_of(request))
            if origin is Origin.REFUSED and not linked:
                return await self._frontend.failure(_CROSS_SITE)
            try:
                if self._core.unsealed is None and request.url.path != SEAL.path:
                    return with_headers(redirect(SEAL.path))
                return with_headers(await handler(request))
            except Exception as error:  # noqa: BLE001 - the one place where bugs of pages end
                fault = fault_of(error)
                if fault is None:
                    return await self._frontend.failure(_logged(error))
                return await self._frontend.failure(Result(status_of(fault), errors=list(texts_of(fault))))

        return guarded

    def _serving(self, page: Page) -> Handler:
        async def serve(request: Request) -> Response:
            session = None if self._core.unsealed is None else await self._session(request)
            if session is None and page is not SEAL:
                return redirect(f"{LOGIN_PATH}?{urlencode({'next': target_of(request)})}")
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
        api = self._frontend.api(request, token, namespace)
        visit = Visit(
            api,
            self._sessions,
            session,
            self._core.runtime.clock(),
            dict(request.path_params),
            dict(request.query_params),
        )
        login_cookie = login_cookie_of(request.cookies) or new_login_cookie()
        csrf_token = login_token(login_cookie) if session is None else session.csrf_token
        if request.method == "POST":
            submitted = await self._frontend.form(request)
            visit.submitted, visit.files = submitted.fields, submitted.files
            if not is_token(visit.submitted.get("csrf_token", ""), csrf_token):
                return await self._frontend.failure(STALE_FORM, session)
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
        given = (*(content.forms or page.forms), *content.elsewhere)
        values = {**visit.parameters, **content.values}
        shown, rights = list(given), Rights(known=False)
        if session is not None:
            paths = {form: paths_of(form, values, content.choices) for form in given}
            rights = await rights_of(visit.api, [*NEEDED, *content.links, *chain.from_iterable(paths.values())])
            shown = await usable(visit.api, rights, paths)
        context: dict[str, Any] = {
            "page": page,
            "title": content.title or page.title,
            "menu": [] if session is None else menu_of(rights),
            "namespaces": () if session is None else await namespaces_of(visit.api, session.namespace),
            "session": session,
            "idle_seconds": int(self._sessions.idle_seconds),
            "csrf_token": csrf_token,
            "namespace": visit.namespace,
            "namespace_query": f"?{urlencode({'namespace': visit.namespace})}" if visit.namespace else "",
            "query": visit.query,
            "here": target_of(request),
            "readings": content.readings,
            "definitions": {form.name: form for form in given},
            "forms": {form.name: form for form in shown},
            "parameters": visit.parameters,
            "values": values,
            "outcome": visit.outcome,
            "submitted": visit.submitted,
            "choices": content.choices,
            "rights": rights,
            **content.context,
        }
        return await self._frontend.html(page.template, context, status, headers)

    async def _elsewhere(self, request: Request) -> Response:
        """A path without a page; with a slash too many, the page is another one."""
        shorter = request.url.path.rstrip("/")
        if shorter != request.url.path and shorter in {page.path for page in PAGES} | {LOGIN_PATH}:
            return redirect(shorter)
        return await self._frontend.failure(_NO_PAGE)

    async def _logout(self, request: Request) -> Response:
        return await self._logins.logout(request, await self._session(request))

    async def _files(self, request: Request) -> Response:
        """A part of a file from the page of tools, for its script."""
        session = await self._session(request)
        if session is None:
            return refused(_ENDED)
        part = Part(request, self._frontend.listener.http_read_timeout_seconds)
        try:
            head = await part.head()
            if not is_token(head.csrf_token, session.csrf_token):
                return refused(STALE_FORM)
            namespace = request.query_params.get("namespace", session.namespace).strip("/")
            return await carry_out(self._frontend.api(request, session.token, namespace), head, part)
        except Fault as fault:
            return refused(Result(status_of(fault), errors=list(texts_of(fault))))


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
        path, data = form.request(visit.submitted, visit.parameters, visit.files)
    except InvalidRequest as fault:
        return Outcome(form.name, Result(400, errors=[fault.message or ""]), form.title)
    query = {name: str(value) for name, value in data.items()} if form.method in ("GET", "LIST") else None
    result = await visit.api.send(form.method, path, None if query is not None else data, query)
    return Outcome(form.name, result, form.title)


async def _to_overview(request: Request) -> Response:
    return redirect("/ui/")


async def _static(request: Request) -> Response:
    found = static_file(request.path_params["name"])
    if found is None:
        return Response(b"", 404)
    contents, kind = found
    response = Response(contents)
    response.raw_headers = [(b"content-type", kind.encode()), (b"cache-control", _STATIC_AGE)]
    return response
