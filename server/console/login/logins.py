"""Requests of logging in and out: with a token, a name and a password, GitHub's token, or a provider of identities.

A provider sends the browser back to ``/ui/callback/MOUNT``. Its login is bound to the browser by ``LOGIN_COOKIE``,
which also says in which namespace it was begun. With a role of the callback mode ``direct`` or ``device`` the browser
doesn't come back, and the login is polled for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from engines.encoding import NotBase64, decode_base64_url, encode_base64_url
from server.console.api import Api, Result
from server.console.guard import client_nonce
from server.console.login.waiting import Waiting
from server.console.sessions import Session, Sessions
from server.core.runtime import Runtime

_OIDC_TYPES = ("oidc", "jwt")
_NAMED_TYPES = ("userpass", "ldap", "okta", "radius")
"""Methods that take a name in the path ``login/NAME`` and a ``password``; those of packages too."""

_GITHUB = "github"
_PENDING = ("authorization_pending", "slow_down")
_POLL_SECONDS, _MAX_POLL_SECONDS = 5, 60
_LIMITED = Result(429, errors=["too many failed logins from this address"])
_NO_TOKEN = Result(400, errors=["the login gave no token"])
_NOT_SET_UP = "this login isn't set up for a default role and this address"


@dataclass(frozen=True, slots=True)
class Method:
    """An auth method that the login page offers."""

    mount: str
    """Its path below ``auth/``, ending in ``/``."""

    type: str
    description: str

    @property
    def with_provider(self) -> bool:
        """Whether it is a link to a provider."""
        return self.type in _OIDC_TYPES

    @property
    def with_personal_token(self) -> bool:
        """Whether it takes a token of GitHub's."""
        return self.type == _GITHUB

    @property
    def title(self) -> str:
        """What people call it."""
        return self.description or self.mount.rstrip("/")


class Logins:
    """Logins of one server, that begin and end ``sessions``."""

    def __init__(self, runtime: Runtime, sessions: Sessions) -> None:
        self._runtime = runtime
        self._sessions = sessions

    async def methods(self, api: Api) -> Sequence[Method]:
        """The methods that are visible without a token, and that the page knows how to use."""
        result = await api.read("sys/internal/ui/mounts")
        found = result.data.get("auth") or {}
        return [
            Method(mount, shown.get("type", ""), shown.get("description", ""))
            for mount, shown in sorted(found.items())
            if shown.get("type") in (*_OIDC_TYPES, *_NAMED_TYPES, _GITHUB)
        ]

    async def address(self, api: Api, mount: str, external_address: str, login_cookie: str) -> str | Waiting | Result:
        """Begin a login at ``mount`` with its default role.

        Returns the provider's address, from which the browser comes back; or the login to wait for, where it doesn't;
        or why there is none.
        """
        nonce = client_nonce(login_cookie)
        here = f"{external_address}/ui/callback/{mount.rstrip('/')}"
        result = await self._ask_for_address(api, mount, here, nonce)
        if result.ok and _comes_to(result, here) is _is_polled(result):
            # Either nothing is allowed to come here, or the role is of the mode ``direct``, which comes to the API.
            inside = f"{api.namespace}/" if api.namespace else ""
            to_api = f"{external_address}/v1/{inside}auth/{mount}oidc/callback"
            result = await self._ask_for_address(api, mount, to_api, nonce)
            if not _is_polled(result):
                return Result(max(result.status, 400), errors=result.errors or [_NOT_SET_UP])
        address = str(result.data.get("auth_url") or "")
        if not result.ok or not address.startswith(("https://", "http://")):
            return Result(max(result.status, 400), errors=result.errors or [_NOT_SET_UP])
        if not _is_polled(result):
            return address
        seconds = result.data.get("poll_interval", "")
        return Waiting(
            namespace=api.namespace,
            mount=mount,
            state=result.data["state"],
            address=address,
            user_code=result.data.get("user_code", ""),
            interval_seconds=min(int(seconds), _MAX_POLL_SECONDS) if seconds.isdigit() else _POLL_SECONDS,
        )

    async def _ask_for_address(self, api: Api, mount: str, redirect_uri: str, nonce: str) -> Result:
        return await api.write(f"auth/{mount}oidc/auth_url", {"redirect_uri": redirect_uri, "client_nonce": nonce})

    async def poll(self, api: Api, waiting: Waiting, login_cookie: str) -> Result | None:
        """The answer to a login that is waited for; None if it hasn't ended yet."""
        asked = {"state": waiting.state, "client_nonce": client_nonce(login_cookie)}
        result = await api.write(f"auth/{waiting.mount}oidc/poll", asked)
        return None if any(error in _PENDING for error in result.errors) else result

    async def finish(self, api: Api, mount: str, query: Mapping[str, str], login_cookie: str) -> Result:
        """The answer to the login that a provider has sent back with ``query``."""
        passed = {name: query.get(name, "") for name in ("state", "code", "iss")}
        if "error" in query:
            return Result(403, errors=[f"the provider refused the login: {query['error'][:200]}"])
        return await api.read(
            f"auth/{mount.rstrip('/')}/oidc/callback", **passed, client_nonce=client_nonce(login_cookie)
        )

    async def with_password(self, api: Api, mount: str, username: str, password: str) -> Result:
        """The answer to a login with a name and a password at ``mount``."""
        return await api.write(f"auth/{mount}login/{username}", {"password": password})

    async def with_personal_token(self, api: Api, mount: str, token: str) -> Result:
        """The answer to a login with a token of GitHub's at ``mount``."""
        return await api.write(f"auth/{mount}login", {"token": token})

    async def begin(self, api: Api, result: Result, name: str = "", parent: str = "") -> tuple[Session, str] | Result:
        """The session of a successful login, and the value of its cookie; or why there is none.

        Without a ``name``, the person is called what the login says. ``parent`` is the accessor of the token that the
        login was made with, whose sessions belong together.
        """
        if not result.ok:
            return result
        auth = result.auth
        if not auth.get("client_token"):
            return _NO_TOKEN
        name = name or _name_of(auth)
        if not name:
            shown = await api.as_caller(auth["client_token"]).read("auth/token/lookup-self")
            name = shown.data.get("display_name") or ""
        return await self._sessions.begin(
            auth["client_token"],
            own_token=True,
            accessor=auth.get("accessor") or "",
            owner=auth.get("entity_id") or parent,
            display_name=name,
            namespace=api.namespace,
        )

    async def with_token(self, api: Api, token: str, address: str) -> tuple[Session, str] | Result:
        """As ``begin``, for a token that was typed in; ``api`` asks with it.

        Where it may make tokens, the session gets one of its own, that ends with the session and with its parent.
        """
        now = self._runtime.clock()
        if self._runtime.login_limits.begin(address, now):
            return _LIMITED
        failed = True
        try:
            shown = await api.read("auth/token/lookup-self")
            failed = not shown.ok
        finally:
            self._runtime.login_limits.end(address, now, failed=failed)
        if not shown.ok:
            return shown
        seconds = self._runtime.settings.ui_session_max_seconds
        made = await api.write(
            "auth/token/create",
            {"ttl": f"{seconds}s", "explicit_max_ttl": f"{seconds}s", "display_name": "console", "renewable": False},
        )
        if made.ok:
            return await self.begin(
                api, made, shown.data.get("display_name") or "", parent=shown.data.get("accessor") or ""
            )
        return await self._sessions.begin(
            token,
            own_token=False,
            accessor=shown.data.get("accessor") or "",
            owner=shown.data.get("entity_id") or "",
            display_name=shown.data.get("display_name") or "",
            namespace=api.namespace,
        )

    async def end(self, api: Api, session: Session) -> None:
        """Log out: the session is forgotten, and its own token revoked, as ``api`` asks with it."""
        await self._sessions.end(session)
        if session.own_token:
            await api.write("auth/token/revoke-self")


def in_namespace(login_cookie: str, namespace: str) -> str:
    """The value of the login cookie for a login in ``namespace``."""
    secret = login_cookie.partition(".")[0]
    return f"{secret}.{encode_base64_url(namespace.encode())}" if namespace else secret


def namespace_of(login_cookie: str) -> str:
    """The namespace of the login that the cookie is for."""
    try:
        return decode_base64_url(login_cookie.partition(".")[2]).decode()
    except (NotBase64, UnicodeDecodeError):
        return ""


def _comes_to(result: Result, redirect_uri: str) -> bool:
    """Whether the provider is to send the browser to ``redirect_uri``."""
    address = str(result.data.get("auth_url") or "")
    return parse_qs(urlsplit(address).query).get("redirect_uri") == [redirect_uri]


def _is_polled(result: Result) -> bool:
    """Whether the login ends elsewhere, and is asked for."""
    return "state" in result.data


def _name_of(auth: Mapping[str, Any]) -> str:
    """What the login's metadata call the person; ``login`` is that of GitHub."""
    metadata = auth.get("metadata") or {}
    return next((str(metadata[name]) for name in ("username", "name", "login") if metadata.get(name)), "")
