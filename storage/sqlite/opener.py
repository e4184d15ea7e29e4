"""The entry point of SQLite storage: opens stores, and keeps two servers from working on one database.

The processes of a server tell each other of their commits through shared memory. A second server would not see them,
and would answer from stale caches: accept a revoked token, or use a key that was rotated.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from storage.base import Unavailable
from storage.file_locks import FileLock
from storage.shared_memory import SharedRevision
from storage.sqlite import copying
from storage.sqlite.disk_reserve import DiskReserve
from storage.sqlite.schema import beside, create_files, database_path, locks_fail
from storage.sqlite.store import SqliteStore, open_sqlite

CLAIM_SECONDS = 3.0
"""The seconds to wait for the database of a server that was just killed and whose workers are ending."""

_POLL_SECONDS = 0.05


class SqliteOpener:
    """Opens stores, and claims their databases."""

    async def __call__(self, settings: Mapping[str, str], shared: SharedRevision | None = None) -> SqliteStore:
        """As ``open_sqlite``."""
        return await open_sqlite(settings, shared)

    @contextmanager
    def claim(self, settings: Mapping[str, str]) -> Iterator[None]:
        """As ``Claims.claim``."""
        path = database_path(settings)
        create_files(path)
        try:
            lock = FileLock(beside(path, "-server"))
        except OSError as error:
            raise locks_fail(path, error) from error
        try:
            deadline = time.monotonic() + CLAIM_SECONDS
            while not lock.try_acquire():
                if time.monotonic() > deadline:
                    raise Unavailable(f"the database {path} is in use by another server")
                time.sleep(_POLL_SECONDS)
            reserve = DiskReserve(beside(path, "-reserve"))
            reserve.release()
            reserve.keep()
            yield
            reserve.keep()
        finally:
            lock.close()

    def back_up(self, settings: Mapping[str, str], file: Path) -> int:
        """As ``Copyable.back_up``."""
        return copying.back_up(database_path(settings), file)

    def restore(self, settings: Mapping[str, str], file: Path) -> int:
        """As ``Copyable.restore``."""
        with self.claim(settings):
            return copying.restore(file, database_path(settings))


opener = SqliteOpener()
