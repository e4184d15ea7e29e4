"""The memory of a witness: of each log the last checkpoint that it has signed.

Comparing with it and replacing it is one transaction, so that of two submissions at once the second sees the first. It
is on disk before the signature is given away: a witness that forgets signs two histories.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint BLOB NOT NULL
) STRICT
"""
_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last checkpoint of a log, with its signatures and the witness's."""

    size: int
    root: bytes
    checkpoint: bytes


class Records:
    """The database of a witness. Every method raises ``sqlite3.Error`` if it can't be used."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def get(self, origin: str) -> Remembered | None:
        """What is remembered of a log."""
        with self._lock:
            return self._get(origin)

    def replace(self, origin: str, make: Callable[[Remembered | None], Remembered]) -> Remembered:
        """Remember what ``make`` makes of what is remembered; what that raises changes nothing."""
        with self._lock, self._transaction():
            made = make(self._get(origin))
            self._database.execute(
                "INSERT OR REPLACE INTO logs (origin, size, root, checkpoint) VALUES (?, ?, ?, ?)",
                (origin, made.size, made.root, made.checkpoint),
            )
            return made

    def _get(self, origin: str) -> Remembered | None:
        row = self._database.execute(
            "SELECT size, root, checkpoint FROM logs WHERE origin = ?", (origin,)
        ).fetchone()  # fmt: skip
        return None if row is None else Remembered(*row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction that holds the database's lock from its begin on: other processes wait for it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
