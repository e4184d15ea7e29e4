"""Client for JSON documents of identity providers."""

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

from auth_methods.fetching.failures import cause_of

MAX_ANSWER_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 8 * 1024 * 1024
MAX_REQUESTS = 100
"""The most requests of one ``Fetcher``: pages, for the most part."""

FETCH_SECONDS = 10.0
"""The time for all requests of one ``Fetcher`` together."""

MAX_AT_ONCE = 100
"""The most fetchers at work in this process, so that a slow provider can't take all places for requests."""

_MAX_REDIRECTS = 3
_MAX_PORT = 65535
_OK = frozenset({200})


class FetchFailed(Exception):
    """The fetch failed; the text is the reason, for the operator, and holds no secret."""


class Refused(FetchFailed):
    """An answer with a status that wasn't asked for."""

    def __init__(self, status: int, where: str = "") -> None:
        super().__init__(f"{where}status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. ``links`` are the values of its ``Link`` headers (RFC 8288)."""

    status: int
    document: Any
    links: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Answer({self.status})"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request's body, a form or a JSON value, and its own headers."""

    form: Mapping[str, str] | None = None
    json: Any = None
    headers: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return "Sent()"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.form is None and self.json is None else "POST"

    @property
    def confidential(self) -> bool:
        """Whether it may hold a secret, and so is sent to its address alone."""
        return self.method == "POST" or bool(self.headers)


def bearer(token: str) -> Sent:
    """A request without a body, authorized by ``token`` (RFC 6750)."""
    return Sent(headers={"Authorization": f"Bearer {token}"})


@dataclass(frozen=True, slots=True)
class _RawAnswer:
    status: int
    body: bytes
    links: tuple[str, ...]


class Fetcher:
    """Fetches over one client, bounded together."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._requests_left = MAX_REQUESTS
        self._bytes_left = MAX_TOTAL_BYTES

    async def document(self, text: str, sent: Sent = Sent()) -> Any:
        """The JSON at the URL ``text``. Raises ``FetchFailed``, with the URL without its query."""
        return (await self.answer(text, sent)).document

    async def answer(self, text: str, sent: Sent = Sent(), statuses: frozenset[int] = _OK) -> Answer:
        """The answer with one of ``statuses`` at the URL ``text``. Raises ``FetchFailed`` as ``document`` does."""
        raw = await self._asked(text, sent, statuses)
        try:
            return Answer(raw.status, orjson.loads(raw.body), raw.links)
        except ValueError:
            raise FetchFailed(f"{_shown(httpx2.URL(text))}: the answer is no JSON") from None

    async def deliver(self, text: str, sent: Sent, statuses: frozenset[int]) -> None:
        """Send to the URL ``text``, whose answer has one of ``statuses``, and any body. Raises ``FetchFailed``."""
        await self._asked(text, sent, statuses)

    async def _asked(self, text: str, sent: Sent, statuses: frozenset[int]) -> _RawAnswer:
        url = httpx2.URL(text)
        try:
            return await self._raw(url, sent, statuses)
        except Refused as error:
            raise Refused(error.status, f"{_shown(url)}: ") from None
        except FetchFailed as error:
            reason = str(error)
        except httpx2.HTTPError as error:
            reason = cause_of(error)
        raise FetchFailed(f"{_shown(url)}: {reason}")

    async def _raw(self, url: httpx2.URL, sent: Sent, statuses: frozenset[int]) -> _RawAnswer:
        for _ in range(_MAX_REDIRECTS + 1):
            _check_url(url)
            self._requests_left -= 1
            if self._requests_left < 0:
                raise FetchFailed(f"more than {MAX_REQUESTS} requests")
            # A small compressed body could expand to a large one.
            headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(sent.headers or {})}
            async with self._client.stream(
                sent.method, url, headers=headers, data=sent.form, json=sent.json
            ) as response:
                if response.is_redirect:
                    url = _redirected(url, response, sent)
                    continue
                if response.status_code not in statuses:
                    raise Refused(response.status_code)
                links = tuple(response.headers.get_list("link"))
                return _RawAnswer(response.status_code, await self._body(response), links)
        raise FetchFailed("too many redirects")

    async def _body(self, response: httpx2.Response) -> bytes:
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > min(MAX_ANSWER_BYTES, self._bytes_left):
                raise FetchFailed("the answer is too large")
        self._bytes_left -= len(body)
        return bytes(body)


def _shown(url: httpx2.URL) -> str:
    """``url`` without the parts that may be secret."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def _redirected(url: httpx2.URL, response: httpx2.Response, sent: Sent) -> httpx2.URL:
    if sent.confidential:
        raise FetchFailed("it redirects")
    target = url.join(response.headers.get("location", ""))
    if origin(target) != origin(url):
        raise FetchFailed("it redirects to another host")
    return target


_at_work = 0


@asynccontextmanager
async def fetching(ca_pem: str, seconds: float | None = None) -> AsyncIterator[Fetcher]:
    """A fetcher that trusts ``ca_pem`` (PEM; empty for the system's authorities and those of ``SSL_CERT_FILE``).

    Failures in the block raise ``FetchFailed``, as it does when ``seconds`` (``FETCH_SECONDS``) are over.
    """
    global _at_work
    if _at_work >= MAX_AT_ONCE:
        raise FetchFailed("too many fetches are under way")
    context = trust(ca_pem)
    seconds = FETCH_SECONDS if seconds is None else seconds
    _at_work += 1
    try:
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(verify=context, timeout=seconds / 2, trust_env=False, follow_redirects=False) as client,
        ):
            yield Fetcher(client)
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
        # ValueErrors are host names that IDNA refuses, and texts that don't fit a URL or a header.
        raise FetchFailed(cause_of(error)) from error
    finally:
        _at_work -= 1


def trust(ca_pem: str) -> ssl.SSLContext:
    """The trusted authorities: the certificates of ``ca_pem``, or the system's. Raises ``FetchFailed``."""
    try:
        return ssl.create_default_context(cadata=ca_pem or None)
    except (ssl.SSLError, ValueError):
        raise FetchFailed("could not parse CA PEM value successfully") from None


def origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    """The scheme, host and port of ``url``; the port is None where it is the scheme's own."""
    return url.scheme, url.host, url.port


def web_root(text: str) -> str:
    """``text``, an address of a provider in a configuration, without ``/`` at its end.

    Raises ``ValueError`` unless it is an HTTPS URL, or a plain HTTP one of this machine, without a query.
    """
    try:
        url = httpx2.URL(text)
        _check_url(url)
    except (httpx2.InvalidURL, FetchFailed) as error:
        raise ValueError(str(error)) from None
    if url.query or url.fragment or url.userinfo:
        raise ValueError("only the address itself, without a query or a name")
    return text.rstrip("/")


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
