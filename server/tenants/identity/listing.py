"""Lists of entities, groups and aliases, read in parts, with paging.

OpenBao always returns them whole. Here ``after`` and ``limit`` work as in other lists, and ids and names are sorted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from storage.view import View

T = TypeVar("T")

_AT_ONCE = 500


async def names_below(view: View, prefix: str, after: str, limit: int) -> AsyncIterator[list[str]]:
    """The names below ``prefix`` behind ``after``, in parts; at most ``limit``, 0 for all."""
    left = limit
    while True:
        names = await view.list(prefix, after, min(_AT_ONCE, left) if limit > 0 else _AT_ONCE)
        if not names:
            return
        yield names
        left -= len(names)
        if limit > 0 and left <= 0:
            return
        after = names[-1]


async def listed(
    view: View,
    prefix: str,
    after: str,
    limit: int,
    read: Callable[[str], Awaitable[T | None]],
    show: Callable[[str, T], tuple[str, Any]],
) -> list[tuple[str, Any]]:
    """The results of ``show`` for the names below ``prefix`` and the records that ``read`` finds for them."""
    shown: list[tuple[str, Any]] = []
    async for names in names_below(view, prefix, after, limit):
        found = await asyncio.gather(*(read(name) for name in names))
        shown += [show(name, item) for name, item in zip(names, found, strict=True) if item is not None]
    return shown


async def count(view: View, prefix: str) -> int:
    """The number of names below ``prefix``."""
    return sum([len(names) async for names in names_below(view, prefix, "", 0)])
