"""Public keys of an identity provider: a JSON Web Key Set at a URL, or one found by OpenID Connect Discovery.

They are fetched on first use, cached for minutes, and fetched again early (but not often) when a token names an unknown
key. If the provider can't be reached, the cached keys stay valid for an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from auth_methods.fetching.client import Fetcher, FetchFailed, fetching
from auth_methods.fetching.failures import report
from auth_methods.jwt.keys import InvalidKeys, Key, keys_from_set
from engines.base import Clock

FRESH_SECONDS = 300.0
STALE_SECONDS = 3600.0
EARLY_SECONDS = 10.0
"""The seconds between fetches, tried or done, for unknown keys."""

_FETCHED = (
    "jwks_uri", "token_endpoint", "userinfo_endpoint", "device_authorization_endpoint", "revocation_endpoint",
)  # fmt: skip
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class KeySource:
    """A source of keys: the URL of a key set or, with ``discovery``, of a provider. ``ca_pem`` may be empty."""

    url: str
    ca_pem: str = ""
    discovery: bool = False


class RemoteKeys:
    """The keys of one source, cached."""

    def __init__(self, source: KeySource, clock: Clock) -> None:
        self.source = source
        self._clock = clock
        self._keys: list[Key] = []
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure = ""
        self._fetching = asyncio.Lock()

    async def matching(self, key_id: str, request_id: str = "") -> list[Key]:
        """The keys that may have signed a token with this key id (empty: all). Raises ``FetchFailed``.

        A failed fetch is logged for the request, if the cached keys are still valid.
        """
        now = self._clock()
        if now - self._fetched_at >= FRESH_SECONDS:
            await self._refresh(FRESH_SECONDS, request_id)
        found = self._among(key_id)
        if not found:
            await self._refresh(EARLY_SECONDS, request_id)
            found = self._among(key_id)
        return found

    def _among(self, key_id: str) -> list[Key]:
        return [key for key in self._keys if not key_id or not key.id or key.id == key_id]

    async def _refresh(self, age_seconds: float, request_id: str) -> None:
        """Fetch, unless another task has just done so."""
        async with self._fetching:
            now = self._clock()
            if now - self._fetched_at < age_seconds:
                return
            usable = now - self._fetched_at < STALE_SECONDS
            if now - self._tried_at < EARLY_SECONDS:
                if usable:
                    return
                raise FetchFailed(f"{self._failure} (a moment ago)")
            self._tried_at = now
            try:
                self._keys = await fetch_keys(self.source)
            except FetchFailed as error:
                self._failure = str(error)
                if not usable:
                    raise
                report("keys can't be fetched; those at hand stay in use: %s", error, request=request_id)
                return
            self._fetched_at = now


async def fetch_keys(source: KeySource) -> list[Key]:
    """Fetch the keys of ``source`` now. Raises ``FetchFailed``."""
    async with fetching(source.ca_pem) as fetcher:
        url = source.url
        if source.discovery:
            named = (await discovered(fetcher, source.url)).get("jwks_uri")
            if not isinstance(named, str):
                raise FetchFailed("the discovery document names no key set")
            url = named
        try:
            return keys_from_set(await fetcher.document(url))
        except InvalidKeys as error:
            raise FetchFailed(str(error)) from error


async def discovered(fetcher: Fetcher, issuer: str) -> Mapping[str, Any]:
    """The discovery document of a provider. Raises ``FetchFailed``."""
    found = await fetcher.document(issuer.rstrip("/") + _DISCOVERY)
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise FetchFailed("the issuer in the discovery document isn't the URL that it came from")
    named = [found[name] for name in _FETCHED if isinstance(found.get(name), str)]
    if httpx2.URL(issuer).scheme == "https" and any(httpx2.URL(text).scheme != "https" for text in named):
        # Plain HTTP is for providers on this machine only.
        raise FetchFailed("the discovery document names addresses without TLS")
    return found
