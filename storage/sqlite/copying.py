"""Backups: a database copied to one file, in the state of one moment, entries still encrypted.

A copy is made under a temporary name, checked, flushed, and only then renamed: so no partial copy ever has the final
name. A server may go on writing meanwhile, since readers of a write-ahead log see the state that they began with.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from storage.base import Damaged, Unavailable
from storage.sqlite.schema import BUSY_SECONDS, beside, fault, flush_folder, schema_version

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)
"""The errors of file systems without hard links."""


def back_up(database: Path, file: Path) -> int:
    """Copy ``database`` to ``file``, which mustn't be there, with mode 0600, and give the number of its entries.

    Raises ``Unavailable``, or ``Damaged`` for what is no database of ours.
    """
    if os.path.lexists(file):
        raise Unavailable(f"{file} is there already")
    with _copy(database, file) as (made, entries):
        _name(made, file)
    return entries


def restore(file: Path, database: Path) -> int:
    """Put a copy of ``file`` in the place of ``database``, which must be empty, and give the number of its entries.

    No server may use ``database`` meanwhile. Raises as ``back_up``.
    """
    _check_empty(database)
    with _copy(file, database) as (made, entries):
        for suffix in ("-wal", "-shm"):
            beside(database, suffix).unlink(missing_ok=True)
        os.replace(made, database)
        flush_folder(database.parent)
    return entries


@contextlib.contextmanager
def _copy(source: Path, target: Path) -> Iterator[tuple[Path, int]]:
    """A checked and flushed copy of ``source``, beside ``target`` under another name; removed on leaving."""
    made = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(_open(source)) as read, contextlib.closing(_open(made, write=True)) as written:
            _check(read, source)
            # An unfinished file is deleted, so it needs no rollback.
            written.execute("PRAGMA journal_mode = OFF")
            written.execute("PRAGMA synchronous = OFF")
            read.backup(written)
            written.execute("PRAGMA journal_mode = DELETE")
            entries = _check(written, source)
        _flush(made)
        yield made, entries
    except sqlite3.Error as error:
        raise fault(error, source) from error
    except OSError as error:
        raise Unavailable(f"can't copy {source} to {target}: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)


def _open(path: Path, *, write: bool = False) -> sqlite3.Connection:
    if not path.is_file():
        raise Unavailable(f"there is no database {path}")
    uri = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The number of entries. Raises ``Damaged`` if it is no whole database of ours, ``Unavailable`` for a newer one."""
    if schema_version(connection, path) == 0:
        raise Damaged(f"{path} is no database of CryptoServe")
    ((found,), *_) = connection.execute("PRAGMA quick_check(1)").fetchall()
    if found != "ok":
        raise Damaged(f"the database {path} is damaged: {found}")
    return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def _check_empty(database: Path) -> None:
    """Raise ``Unavailable`` if ``database`` holds entries, or has left its log behind; ``Damaged`` if it is none."""
    log = beside(database, "-wal")
    if not database.exists() or database.stat().st_size == 0:
        if log.exists() and log.stat().st_size:
            raise Unavailable(f"{log} is there without its database: it may hold what was written last")
        return
    try:
        with contextlib.closing(_open(database)) as connection:
            entries = _check(connection, database)
    except sqlite3.Error as error:
        raise fault(error, database) from error
    if entries:
        raise Unavailable(f"the database {database} isn't empty: it has {entries} entries; move it away first")


def _flush(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _name(made: Path, file: Path) -> None:
    """Give ``made`` the name ``file``, unless that exists by now."""
    try:
        os.link(made, file)
    except FileExistsError:
        raise Unavailable(f"{file} is there already") from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.rename(made, file)
    flush_folder(file.parent)
