"""The numbers of tokens and leases of a namespace, counted by the names of their storage entries."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from server.tenants.tokens.entries import ACCESSORS, LEASES

LISTED_AT_ONCE = 1_000


class ListsNames(Protocol):
    """As ``Reader.list``."""

    def __call__(self, prefix: str, after: str = "", limit: int | None = None) -> Awaitable[list[str]]: ...


async def count_tokens(list_names: ListsNames, token_prefix: str) -> int:
    """The number of service tokens below ``token_prefix``, including those that expired and aren't swept yet."""
    return await _count(list_names, token_prefix + ACCESSORS)


async def count_leases(list_names: ListsNames, token_prefix: str) -> int:
    """The number of leases below ``token_prefix``."""
    return await _count(list_names, token_prefix + LEASES)


async def _count(list_names: ListsNames, prefix: str) -> int:
    """The number of entries below ``prefix``, at any depth."""
    total, folders = 0, [prefix]
    while folders:
        folder, after = folders.pop(), ""
        while names := await list_names(folder, after, LISTED_AT_ONCE):
            after = names[-1]
            below = [folder + name for name in names if name.endswith("/")]
            folders.extend(below)
            total += len(names) - len(below)
    return total
