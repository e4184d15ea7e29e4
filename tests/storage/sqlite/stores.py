"""SQLite stores for tests, and transactions that keep one busy."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.sqlite.store import SqliteStore, open_sqlite


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite({"path": str(path)})
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def busy_writer(store: SqliteStore) -> AsyncIterator[None]:
    """While in the block, the committer's thread does nothing else."""
    release = threading.Event()
    running = store._writer.run(release.wait, 20.0)
    try:
        yield
    finally:
        release.set()
        await running
