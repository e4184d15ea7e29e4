"""Public keys of an identity provider: a JSON Web Key Set at a URL, or one found by OpenID Connect Discovery.

They are fetched on first use, cached for minutes, and fetched again early (but not often) when a token names an unknown
key. If the provider can't be reached, the cached keys stay valid for an hour.

Fetches are bounded in time and size, follow redirects on the same host alone, and use plain HTTP only to this machine,
since an attacker who can change the answer can log in as any user.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from auth_methods.jwt.fetch_failures import cause_of, report
from auth_methods.jwt.keys import InvalidKeys, Key, keys_from_set
from engines.base import Clock

MAX_DOCUMENT_BYTES = 1024 * 1024
FETCH_SECONDS = 10.0
FRESH_SECONDS = 300.0
STALE_SECONDS = 3600.0
EARLY_SECONDS = 10.0
"""The seconds between fetches, tried or done, for unknown keys."""

_MAX_REDIRECTS = 3
_MAX_PORT = 65535
_FETCHED = ("jwks_uri", "token_endpoint", "userinfo_endpoint")
_DISCOVERY = "/.well-known/openid-configuration"


class FetchFailed(Exception):
    """The keys can't be fetched; the text is the reason, for the operator."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """A source of keys: the URL of a key set or, with ``discovery``, of a provider. ``ca_pem`` may be empty."""

    url: str
    ca_pem: str = ""
    discovery: bool = False

    def tls(self) -> ssl.SSLContext:
        """The trusted authorities: the certificates of ``ca_pem``, or the system's. Raises ``FetchFailed``."""
        try:
            return ssl.create_default_context(cadata=self.ca_pem or None)
        except (ssl.SSLError, ValueError):
            raise FetchFailed("could not parse CA PEM value successfully") from None


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
    async with session(source) as client:
        url = source.url
        if source.discovery:
            named = (await discovered(client, source.url)).get("jwks_uri")
            if not isinstance(named, str):
                raise FetchFailed("the discovery document names no key set")
            url = named
        try:
            return keys_from_set(await document(client, url))
        except InvalidKeys as error:
            raise FetchFailed(str(error)) from error


@asynccontextmanager
async def session(source: KeySource) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with the trust of ``source``, bounded in time; failures in the block raise ``FetchFailed``."""
    context = source.tls()
    timeout = httpx2.Timeout(FETCH_SECONDS / 2)
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx2.AsyncClient(verify=context, timeout=timeout, trust_env=False, follow_redirects=False) as client,
        ):
            yield client
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
        # ValueErrors are host names that IDNA refuses, and texts that don't fit a URL or a header.
        raise FetchFailed(cause_of(error)) from error


async def discovered(client: httpx2.AsyncClient, issuer: str) -> Mapping[str, Any]:
    """The discovery document of a provider. Raises ``FetchFailed``."""
    found = await document(client, issuer.rstrip("/") + _DISCOVERY)
    if not isinstance(found, dict) or found.get("issuer") != issuer:
        raise FetchFailed("the issuer in the discovery document isn't the URL that it came from")
    named = [found[name] for name in _FETCHED if isinstance(found.get(name), str)]
    if httpx2.URL(issuer).scheme == "https" and any(httpx2.URL(text).scheme != "https" for text in named):
        # Plain HTTP is for providers on this machine only.
        raise FetchFailed("the discovery document names addresses without TLS")
    return found


async def document(
    client: httpx2.AsyncClient,
    text: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """The JSON at a URL, or the answer to ``form`` there. Raises ``FetchFailed``, with the URL without its query.

    Requests with a secret (a form, or headers) follow no redirect.
    """
    url = httpx2.URL(text)
    try:
        return await _document(client, url, form, headers)
    except FetchFailed as error:
        reason = str(error)
    except httpx2.HTTPError as error:
        reason = cause_of(error)
    raise FetchFailed(f"{url.copy_with(username=None, password=None, query=None, fragment=None)}: {reason}")


async def _document(
    client: httpx2.AsyncClient, url: httpx2.URL, form: Mapping[str, str] | None, headers: Mapping[str, str] | None
) -> Any:
    method = "GET" if form is None else "POST"
    for _ in range(_MAX_REDIRECTS + 1):
        _check_url(url)
        # A small compressed body could expand to a large one.
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        async with client.stream(method, url, headers=sent, data=form) as response:
            if response.is_redirect and (form is not None or headers):
                raise FetchFailed("it redirects")
            if response.is_redirect:
                target = url.join(response.headers.get("location", ""))
                if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                    raise FetchFailed("it redirects to another host")
                url = target
                continue
            if response.status_code != 200:
                raise FetchFailed(f"status {response.status_code}")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise FetchFailed("the answer is too large")
        try:
            return orjson.loads(bytes(body))
        except ValueError:
            raise FetchFailed("the answer is no JSON") from None
    raise FetchFailed("too many redirects")


def _check_url(url: httpx2.URL) -> None:
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise FetchFailed("there is no such port")
    if url.scheme == "https" and url.host:
        return
    if url.scheme != "http" or not _is_here(url.host):
        raise FetchFailed("only https URLs are fetched, or http ones of this machine")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
