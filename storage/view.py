"""A view of storage: the same contract under a prefix, with a cache of decoded entries.

Engines and stores of the core each get a view of their own and can't reach outside it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from storage.base import Storage, Transaction
from storage.cache import ObjectCache

T = TypeVar("T")


class View:
    """``storage`` below ``prefix`` (``""``, or ending in ``/``), with ``cache`` for what ``load`` decodes."""

    __slots__ = ("_cache", "_storage", "prefix")

    def __init__(self, storage: Storage, prefix: str, cache: ObjectCache) -> None:
        if prefix and not prefix.endswith("/"):
            raise ValueError(f"a view's prefix ends in '/': {prefix!r}")
        self._storage = storage
        self._cache = cache
        self.prefix = prefix

    def within(self, prefix: str) -> View:
        """The part of this view below ``prefix``, which ends in ``/``."""
        return View(self._storage, self.prefix + prefix, self._cache)

    async def get(self, key: str) -> bytes | None:
        """As ``Reader.get``."""
        return await self._storage.get(self.prefix + key)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """As ``Reader.list``."""
        return await self._storage.list(self.prefix + prefix, after, limit)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """As ``Storage.transaction``."""
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._storage.transaction() as transaction:
            yield _ViewTransaction(transaction, self.prefix) if self.prefix else transaction

    def ready(self, key: str) -> Any:
        """The decoded entry at ``key`` if ``load`` has it at hand, else None; for code that must not await."""
        return self._cache.get(self.prefix + key)

    async def load(self, key: str, decode: Callable[[bytes], T]) -> T | None:
        """The entry at ``key``, decoded, from the cache if it is there; None if there is no such entry.

        The object is shared and must not be changed. Each key is always loaded with the same ``decode``.
        """
        path = self.prefix + key
        found = self._cache.get(path)
        if found is not None:
            return found  # type: ignore[no-any-return]
        epoch = self._cache.epoch
        value = await self._storage.get(path)
        if value is None:
            return None
        decoded = decode(value)
        self._cache.add(path, decoded, epoch)
        return decoded

    def watch(self, changed: Callable[[], None], key: str = "") -> None:
        """Call ``changed`` whenever an entry that begins with ``key`` may have changed; see ``ObjectCache.watch``."""
        self._cache.watch(self.prefix + key, changed)


def within(transaction: Transaction, prefix: str) -> Transaction:
    """The part of ``transaction`` below ``prefix``, which ends in ``/``."""
    return _ViewTransaction(transaction, prefix)


class _ViewTransaction:
    __slots__ = ("_prefix", "_transaction")

    def __init__(self, transaction: Transaction, prefix: str) -> None:
        self._transaction = transaction
        self._prefix = prefix

    async def get(self, key: str) -> bytes | None:
        return await self._transaction.get(self._prefix + key)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        return await self._transaction.list(self._prefix + prefix, after, limit)

    def put(self, key: str, value: bytes) -> None:
        self._transaction.put(self._prefix + key, value)

    def delete(self, key: str) -> None:
        self._transaction.delete(self._prefix + key)
