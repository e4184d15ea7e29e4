"""Lists that come in pages, each of which names the address of the next one (RFC 8288, or a member of the document).

The next page is asked for at the origin of the first alone: the request has a secret, and the address comes from the
answer.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx2

from auth_methods.fetching.client import Answer, Fetcher, FetchFailed, Sent, origin

MAX_ITEMS = 10_000
"""The most items of all pages together."""

_NEXT = re.compile(r'<([^<>]{1,4096})>\s{0,9};\s{0,9}rel\s{0,9}=\s{0,9}"?next"?(?:[;,\s]|\Z)')


async def linked_pages(fetcher: Fetcher, url: str, sent: Sent) -> list[Any]:
    """The items of the list at ``url``, whose pages are arrays that ``Link`` headers join. Raises ``FetchFailed``."""
    found: list[Any] = []
    async for answer in _pages(fetcher, url, sent):
        _extend(found, answer.document)
    return found


async def odata_pages(fetcher: Fetcher, url: str, sent: Sent) -> list[Any]:
    """As ``linked_pages``, for pages of OData (``value``, ``@odata.nextLink``)."""
    found: list[Any] = []
    async for answer in _pages(fetcher, url, sent):
        _extend(found, answer.document.get("value") if isinstance(answer.document, dict) else None)
    return found


async def _pages(fetcher: Fetcher, url: str, sent: Sent) -> AsyncIterator[Answer]:
    first, seen = origin(httpx2.URL(url)), set[str]()
    following = url
    while following:
        if origin(httpx2.URL(following)) != first:
            raise FetchFailed("the next page is said to be on another host")
        if following in seen:
            raise FetchFailed("the pages go round in a circle")
        seen.add(following)
        answer = await fetcher.answer(following, sent)
        yield answer
        following = _next(answer)
        sent = Sent(headers=sent.headers)  # Only the first page is asked for by a body.


def _next(answer: Answer) -> str:
    document = answer.document
    named = document.get("@odata.nextLink", "") if isinstance(document, dict) else next_link(answer.links)
    if not isinstance(named, str):
        raise FetchFailed("the address of the next page is no text")
    return named


def next_link(headers: Iterable[str]) -> str:
    """The target of the first link with the relation ``next`` in ``Link`` headers; empty without one."""
    for header in headers:
        found = _NEXT.search(header)
        if found is not None:
            return found[1]
    return ""


def _extend(found: list[Any], page: object) -> None:
    if not isinstance(page, list):
        raise FetchFailed("a page is no list")
    found += page
    if len(found) > MAX_ITEMS:
        raise FetchFailed(f"more than {MAX_ITEMS} items")
