"""The pages of logging in and out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from server.console.api import Api, Result
from server.console.frontend import STALE_FORM, Frontend, redirect, refreshing
from server.console.guard import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    is_token,
    login_cookie_of,
    login_token,
    new_login_cookie,
    set_cookie,
)
from server.console.login.logins import Logins, in_namespace, namespace_of
from server.console.login.waiting import Waiting, WaitingLogins
from server.console.sessions import Session, Sessions

_ENTRANCES = ("/ui/login", "/ui/logout")
_OTHER_BROWSER = Result(403, errors=["this login was begun in another browser"])
_NO_LOGIN = Result(400, errors=["there is no such login; begin it again"])


class LoginPages:
    """Logging in and out on one listener."""

    def __init__(self, frontend: Frontend, sessions: Sessions) -> None:
        runtime = frontend.core.runtime
        self._frontend = frontend
        self._sessions = sessions
        self._logins = Logins(runtime, sessions)
        self._waiting = WaitingLogins(runtime)

    async def login(self, request: Request) -> Response:
        """The page with all ways to log in; their forms and links."""
        login_cookie = login_cookie_of(request.cookies) or new_login_cookie()
        submitted = (await self._frontend.form(request)).fields if request.method == "POST" else {}
        namespace = submitted.get("namespace", request.query_params.get("namespace", "")).strip("/")
        api = self._frontend.api(request, namespace=namespace)
        if "wait" in request.query_params:
            return await self._wait(request, request.query_params["wait"])
        if "start" in request.query_params:
            return await self._go_to_provider(request, api, request.query_params["start"], login_cookie)
        refused = None
        if request.method == "POST":
            if not is_token(submitted.get("csrf_token", ""), login_token(login_cookie)):
                refused = STALE_FORM
            else:
                began = await self._begun(request, api, submitted)
                if not isinstance(began, Result):
                    return redirect(_safe(submitted.get("next", "")), _logged_in(began[1]))
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
        cookie = set_cookie(LOGIN_COOKIE, login_cookie, "Lax")
        return await self._frontend.html("login.html", context, status, [cookie])

    async def _begun(self, request: Request, api: Api, submitted: Mapping[str, str]) -> tuple[Session, str] | Result:
        """The session of a login by form."""
        token, mount = submitted.get("token", "").strip(), submitted.get("mount", "")
        if "username" in submitted:
            username, password = submitted["username"], submitted.get("password", "")
            return await self._logins.begin(api, await self._logins.with_password(api, mount, username, password))
        if mount:
            return await self._logins.begin(api, await self._logins.with_personal_token(api, mount, token))
        address = "" if request.client is None else request.client.host
        return await self._logins.with_token(self._frontend.api(request, token, api.namespace), token, address)

    async def _go_to_provider(self, request: Request, api: Api, mount: str, login_cookie: str) -> Response:
        found = await self._logins.address(api, mount, self._frontend.address(request), login_cookie)
        if isinstance(found, Result):
            return await self._frontend.failure(found)
        cookie = set_cookie(LOGIN_COOKIE, in_namespace(login_cookie, api.namespace), "Lax")
        if isinstance(found, str):
            return redirect(found, [cookie])
        return await self._waiting_page(found, await self._waiting.seal(found), [cookie])

    async def _wait(self, request: Request, sealed: str) -> Response:
        """Ask for the end of a login that happens elsewhere; with ``?live``, the answer is for the page's script."""
        waiting = await self._waiting.unseal(sealed)
        login_cookie = login_cookie_of(request.cookies)
        if waiting is None or not login_cookie:
            return await self._frontend.failure(_NO_LOGIN if waiting is None else _OTHER_BROWSER)
        api = self._frontend.api(request, namespace=waiting.namespace)
        live = "live" in request.query_params
        result = await self._logins.poll(api, waiting, login_cookie)
        if result is None:
            return _live(waiting=True) if live else await self._waiting_page(waiting, sealed)
        began = await self._logins.begin(api, result)
        if isinstance(began, Result):
            return await self._frontend.failure(began)
        if not live:
            return redirect("/ui/", _logged_in(began[1]))
        response = _live(waiting=False)
        response.raw_headers.extend(_logged_in(began[1]))
        return response

    async def _waiting_page(
        self, waiting: Waiting, sealed: str, headers: list[tuple[bytes, bytes]] | None = None
    ) -> Response:
        context = {
            "title": "Log in elsewhere",
            "namespace": waiting.namespace,
            "waiting": waiting,
            "here": f"/ui/login?{urlencode({'wait': sealed})}",
        }
        return await self._frontend.html("login_wait.html", context, 200, headers or [])

    async def callback(self, request: Request) -> Response:
        """The end of a login with a provider, who has sent the browser here."""
        login_cookie = login_cookie_of(request.cookies)
        if not login_cookie:
            return await self._frontend.failure(_OTHER_BROWSER)
        api = self._frontend.api(request, namespace=namespace_of(login_cookie))
        result = await self._logins.finish(api, request.path_params["mount"], request.query_params, login_cookie)
        began = await self._logins.begin(api, result)
        if isinstance(began, Result):
            return await self._frontend.failure(began)
        # A cookie that is strict doesn't survive a redirect from another site, but a refresh.
        return refreshing("/ui/", _logged_in(began[1]))

    async def logout(self, request: Request, session: Session | None) -> Response:
        """End ``session``, that of the request, or the one of the same caller that the form's ``session`` names."""
        if session is not None:
            submitted = (await self._frontend.form(request)).fields
            if not is_token(submitted.get("csrf_token", ""), session.csrf_token):
                return await self._frontend.failure(STALE_FORM, session)
            ended = submitted.get("session", session.id)
            for own in await self._sessions.of(session.owner):
                if own.id == ended:
                    await self._logins.end(self._frontend.api(request, own.token, own.namespace), own)
            if ended != session.id:
                return redirect("/ui/logins")
        return redirect("/ui/login", [set_cookie(SESSION_COOKIE, "", "Strict")])


def _logged_in(cookie: str) -> list[tuple[bytes, bytes]]:
    return [set_cookie(SESSION_COOKIE, cookie, "Strict"), set_cookie(LOGIN_COOKIE, "", "Lax")]


def _live(*, waiting: bool) -> Response:
    return Response(orjson.dumps({"waiting": waiting}), media_type="application/json")


def _safe(target: str) -> str:
    """``target`` if it is a page of the console, else the overview."""
    inside = target.startswith("/ui/") and "\\" not in target and target.isprintable() and ".." not in target
    return target if inside and target.partition("?")[0] not in _ENTRANCES else "/ui/"
