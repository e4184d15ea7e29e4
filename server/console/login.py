"""Logging in and out: with a token, with a name and a password, or with a provider of identities.

A provider sends the browser back to ``/ui/callback/MOUNT``. Its login is bound to the browser by ``LOGIN_COOKIE``,
which also says in which namespace it was begun.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.console.api import Api, Result
from server.console.guard import client_nonce
from server.console.sessions import Session, Sessions
from server.core.runtime import Runtime

_OIDC_TYPES = ("oidc", "jwt")
_NAMED_TYPES = ("userpass",)
_LIMITED = Result(429, errors=["too many failed logins from this address"])
_NO_TOKEN = Result(400, errors=["the login gave no token"])


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
            if shown.get("type") in (*_OIDC_TYPES, *_NAMED_TYPES)
        ]

    async def address(self, api: Api, mount: str, external_address: str, login_cookie: str) -> Result:
        """The answer with the provider's address (``auth_url``) for a login at ``mount`` with its default role."""
        return await api.write(
            f"auth/{mount}oidc/auth_url",
            {
                "redirect_uri": f"{external_address}/ui/callback/{mount.rstrip('/')}",
                "client_nonce": client_nonce(login_cookie),
            },
        )

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

    async def begin(self, api: Api, result: Result) -> tuple[Session, str] | Result:
        """The session of a successful login, and the value of its cookie; or why there is none."""
        if not result.ok:
            return result
        auth = result.auth
        if not auth.get("client_token"):
            return _NO_TOKEN
        return await self._sessions.begin(
            auth["client_token"],
            own_token=True,
            accessor=auth.get("accessor") or "",
            entity_id=auth.get("entity_id") or "",
            display_name=_name_of(auth),
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
            return await self.begin(api, made)
        return await self._sessions.begin(
            token,
            own_token=False,
            accessor=shown.data.get("accessor") or "",
            entity_id=shown.data.get("entity_id") or "",
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
    return f"{secret}.{base64.urlsafe_b64encode(namespace.encode()).decode().rstrip('=')}" if namespace else secret


def namespace_of(login_cookie: str) -> str:
    """The namespace of the login that the cookie is for."""
    text = login_cookie.partition(".")[2]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""


def _name_of(auth: Mapping[str, Any]) -> str:
    metadata = auth.get("metadata") or {}
    return str(metadata.get("username") or metadata.get("name") or auth.get("display_name") or "")
