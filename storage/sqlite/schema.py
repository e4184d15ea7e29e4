"""The SQLite database: its files, how a connection is set up, its schema and the migrations that lead to it.

``PRAGMA user_version`` counts the migrations that a database has had. A database with more of them than are known here
was written by a newer release, and is left alone.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from storage.base import Damaged, Full, StorageFault, Unavailable
from storage.sqlite.disk_reserve import free_bytes, is_full

BUSY_SECONDS = 10.0
"""The time to wait for another process that holds the write lock."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL)",
        "CREATE TABLE changes (revision INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (revision, key))"
        " WITHOUT ROWID",
    ),
)
"""Migrations, applied once each, in this order, each in a transaction. Released ones are never edited."""

LOG_BYTES = 64 * 1024
"""The bytes that SQLite needs at least to open a write-ahead log."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def database_path(settings: Mapping[str, str]) -> Path:
    """The path of the database in the storage's settings. Raises ``ValueError`` for wrong settings."""
    if unknown := settings.keys() - {"path"}:
        raise ValueError(f"storage 'sqlite' has no setting {min(unknown)!r}")
    if not settings.get("path"):
        raise ValueError("storage 'sqlite' needs the setting 'path', the database file")
    return Path(settings["path"]).absolute()


def beside(path: Path, suffix: str) -> Path:
    """The file of a lock of the database at ``path``."""
    return path.with_name(path.name + suffix)


def locks_fail(path: Path, error: OSError) -> Unavailable:
    """The fault for a lock file that can't be made."""
    return Unavailable(f"the database {path} can't be locked: {error.strerror}")


def fault(error: sqlite3.Error, path: Path) -> StorageFault:
    """The storage fault for an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return Damaged(f"the database {path} is damaged: {error}")
    # Errors of the write-ahead log's files differ from those of writes.
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and free_bytes(path.parent) < LOG_BYTES):
        return Full(f"the disk of the database {path} is full: {error}")
    return Unavailable(f"the database {path} can't be used: {error}")


def create_files(path: Path) -> None:
    """Make the database file (mode 0600) and its folder (0700) unless they are there. Raises ``Unavailable``.

    SQLite gives the files that it adds the mode of this one. A new name is only safe once its folder is flushed.
    """
    try:
        missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
            flush_folder(folder.parent)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            # SQLite would open a read-only file, and fail at the first write.
            if not os.access(path, os.R_OK | os.W_OK):
                raise Unavailable(f"the database {path} can't be both read and written by this account") from None
            return
        flush_folder(path.parent)
    except OSError as error:
        kind = Full if is_full(error) else Unavailable
        raise kind(f"the database {path} can't be created: {error.strerror}") from error


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection for the committer, with the schema brought up to date. Raises ``sqlite3.Error``, ``Unavailable``."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _use_wal(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
        # On macOS a plain fsync does not reach the medium.
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging.

    SQLite doesn't wait for other processes here, though two servers may well start at the same time.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise Unavailable(f"the database {path} lies on a medium that can't hold a write-ahead log")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    while (version := schema_version(connection, path)) < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done it while this one waited for the lock.
            if schema_version(connection, path) == version:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


def schema_version(connection: sqlite3.Connection, path: Path) -> int:
    """The number of migrations applied to the database. Raises ``Unavailable`` if a newer release has written it."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if not 0 <= version <= len(MIGRATIONS):
        raise Unavailable(
            f"the database {path} has schema version {version}, but this release knows no version after"
            f" {len(MIGRATIONS)}: use the release that wrote it, or a later one"
        )
    return version


def flush_folder(folder: Path) -> None:
    """Flush the names in ``folder`` to disk. Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
