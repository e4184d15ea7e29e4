"""An OpenID Connect provider, for login through a browser: its endpoints, and the exchange of codes for tokens.

Fetches have the same bounds and address checks as those of keys (``remote``).
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx2

from auth_methods.jwt.remote import EARLY_SECONDS, FRESH_SECONDS, FetchFailed, KeySource, discovered, document, session
from engines.base import Clock

_POST = "client_secret_post"
_BASIC = "client_secret_basic"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The provider's endpoints. ``user_info`` may be empty."""

    authorization: str
    token: str
    user_info: str
    secret_in_body: bool
    """Whether the provider wants the client's secret as a parameter, not by HTTP Basic."""


@dataclass(frozen=True, slots=True)
class Client:
    """This server as a client of the provider."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Client({self.id!r})"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens for a code."""

    id_token: str
    access_token: str

    def __repr__(self) -> str:
        return "Tokens()"


class Provider:
    """One provider; its endpoints are cached for minutes."""

    def __init__(self, source: KeySource, clock: Clock) -> None:
        self.source = source
        self._clock = clock
        self._endpoints: Endpoints | None = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure = ""
        self._fetching = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """The provider's endpoints. Raises ``FetchFailed``."""
        async with self._fetching:
            now = self._clock()
            if self._endpoints is None or now - self._fetched_at >= FRESH_SECONDS:
                if now - self._tried_at < EARLY_SECONDS:
                    raise FetchFailed(f"{self._failure} (a moment ago)")
                self._tried_at = now
                try:
                    async with session(self.source) as client:
                        self._endpoints = _endpoints(await discovered(client, self.source.url))
                except FetchFailed as error:
                    self._failure = str(error)
                    raise
                self._fetched_at = self._clock()
            return self._endpoints

    async def exchange(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for an authorisation code (RFC 6749, 4.1.3, with RFC 7636). Raises ``FetchFailed``."""
        endpoints = await self.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if endpoints.secret_in_body:
            form |= {"client_id": client.id, "client_secret": client.secret}
        else:
            pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        async with session(self.source) as connected:
            answer = await document(connected, endpoints.token, form=form, headers=headers)
        id_token = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(id_token, str):
            raise FetchFailed("the provider's answer to the code has no id_token")
        access_token = answer.get("access_token")
        return Tokens(id_token, access_token if isinstance(access_token, str) else "")

    async def user_info(self, tokens: Tokens) -> Mapping[str, Any]:
        """The provider's claims about the person beyond the token; empty if it has no such endpoint.

        Raises ``FetchFailed``.
        """
        endpoints = await self.endpoints()
        if not endpoints.user_info or not tokens.access_token:
            return {}
        async with session(self.source) as connected:
            headers = {"Authorization": f"Bearer {tokens.access_token}"}
            answer = await document(connected, endpoints.user_info, headers=headers)
        if not isinstance(answer, dict):
            raise FetchFailed("the provider's information on the user is no object")
        return answer


def _endpoints(found: Mapping[str, Any]) -> Endpoints:
    authorization, token = found.get("authorization_endpoint"), found.get("token_endpoint")
    user_info = found.get("userinfo_endpoint", "")
    if not (isinstance(authorization, str) and isinstance(token, str) and isinstance(user_info, str)):
        raise FetchFailed("the discovery document lacks the endpoints of logins")
    if httpx2.URL(authorization).scheme not in ("https", "http"):
        raise FetchFailed("the provider's authorization endpoint is no web address")
    methods = found.get("token_endpoint_auth_methods_supported")
    in_body = isinstance(methods, list) and _POST in methods and _BASIC not in methods
    return Endpoints(authorization, token, user_info, in_body)
