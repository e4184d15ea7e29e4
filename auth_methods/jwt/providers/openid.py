"""An OpenID Connect provider, for login through a browser: its endpoints, and its claims about a person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2

from auth_methods.fetching.client import FetchFailed, bearer, fetching
from auth_methods.jwt.providers.endpoints import Endpoints
from auth_methods.jwt.providers.tokens import Tokens
from auth_methods.jwt.remote import EARLY_SECONDS, FRESH_SECONDS, KeySource, discovered
from engines.base import Clock

_POST = "client_secret_post"
_BASIC = "client_secret_basic"


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
                    async with fetching(self.source.ca_pem) as fetcher:
                        self._endpoints = _endpoints(await discovered(fetcher, self.source.url))
                except FetchFailed as error:
                    self._failure = str(error)
                    raise
                self._fetched_at = self._clock()
            return self._endpoints

    async def user_info(self, tokens: Tokens) -> Mapping[str, Any]:
        """The provider's claims about the person beyond the token; empty if it has no such endpoint.

        Raises ``FetchFailed``.
        """
        endpoints = await self.endpoints()
        if not endpoints.user_info or not tokens.access_token:
            return {}
        async with fetching(self.source.ca_pem) as fetcher:
            answer = await fetcher.document(endpoints.user_info, bearer(tokens.access_token))
        if not isinstance(answer, dict):
            raise FetchFailed("the provider's information on the user is no object")
        return answer


def _endpoints(found: Mapping[str, Any]) -> Endpoints:
    authorization, token = found.get("authorization_endpoint"), found.get("token_endpoint")
    others = [found.get(f"{name}_endpoint", "") for name in ("userinfo", "device_authorization", "revocation")]
    if not (isinstance(authorization, str) and isinstance(token, str)):
        raise FetchFailed("the discovery document lacks the endpoints of logins")
    if not all(isinstance(other, str) for other in others):
        raise FetchFailed("an endpoint in the discovery document is no text")
    if httpx2.URL(authorization).scheme not in ("https", "http"):
        raise FetchFailed("the provider's authorization endpoint is no web address")
    methods = found.get("token_endpoint_auth_methods_supported")
    user_info, device, revocation = others
    return Endpoints(
        issuer=found["issuer"],
        authorization=authorization,
        token=token,
        user_info=user_info,
        device=device,
        revocation=revocation,
        secret_in_body=isinstance(methods, list) and _POST in methods and _BASIC not in methods,
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )
