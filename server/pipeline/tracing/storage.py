"""Spans of storage, below the barrier: of what traced requests read and commit. Others cost a look at the context."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext

from opentelemetry.trace import Tracer, get_current_span

from server.pipeline.tracing.spans import call_span
from storage.base import Changes, Store, Transaction


class TracedStore:
    """``store`` with spans; keys and values are in none."""

    def __init__(self, store: Store, type_: str, tracer: Tracer) -> None:
        self._store = store
        self._tracer = tracer
        self._attributes = {"cryptoserve.storage": type_}

    @property
    def revision(self) -> int:
        return self._store.revision

    async def get(self, key: str) -> bytes | None:
        with self._span("storage get"):
            return await self._store.get(key)

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        with self._span("storage list"):
            return await self._store.list(prefix, after, limit)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self._transaction()

    async def changes(self, since: int) -> Changes:
        with self._span("storage changes"):
            return await self._store.changes(since)

    async def lead(self) -> bool:
        return await self._store.lead()

    async def close(self) -> None:
        await self._store.close()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """From the first read to the commit, with what the caller does between."""
        with self._span("storage transaction"):
            async with self._store.transaction() as transaction:
                yield transaction

    def _span(self, name: str) -> AbstractContextManager[None]:
        if get_current_span().is_recording():
            return call_span(self._tracer, name, self._attributes)
        return nullcontext()
