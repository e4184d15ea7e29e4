"""Space that is kept for a start on a full disk."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from storage.base import Full, Unavailable
from storage.sqlite import disk_reserve, schema
from storage.sqlite.disk_reserve import RESERVE_BYTES, DiskReserve
from storage.sqlite.opener import opener
from storage.sqlite.schema import fault


class Space:
    """How much of the disk is free."""

    def __init__(self) -> None:
        self.bytes = 1 << 40

    def __call__(self, folder: Path) -> int:
        return self.bytes


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> Space:
    space = Space()
    for module in (disk_reserve, schema):
        monkeypatch.setattr(module, "free_bytes", space)
    return space


def test_it_is_kept_while_there_is_plenty_and_released_when_there_is_none(tmp_path: Path, space: Space) -> None:
    path = tmp_path / "reserve"
    reserve = DiskReserve(path)
    space.bytes = 2 * RESERVE_BYTES
    reserve.keep()
    assert not path.exists(), "others may need it more"
    space.bytes = 1 << 40
    reserve.keep()
    reserve.keep()
    status = path.stat()
    assert (status.st_size, status.st_mode & 0o777) == (RESERVE_BYTES, 0o600)
    assert status.st_blocks * 512 >= RESERVE_BYTES, "a file with holes keeps no space"
    reserve.release()
    assert path.exists()
    space.bytes = 4096
    reserve.release()
    assert not path.exists()
    reserve.release()


def test_what_cannot_be_taken_whole_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reserve"
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for broken in (full, lambda descriptor, data: write(descriptor, data[:10])):
        monkeypatch.setattr(os, "write", broken)
        DiskReserve(path).keep()
        monkeypatch.undo()
        assert not path.exists()
    DiskReserve(tmp_path / "nowhere" / "reserve").keep()


def test_a_server_keeps_it_beside_its_database(tmp_path: Path, space: Space) -> None:
    path = tmp_path / "store.db"
    reserve = tmp_path / "store.db-reserve"
    with opener.claim({"path": str(path)}):
        assert reserve.exists()
    space.bytes = 0
    with opener.claim({"path": str(path)}):
        assert not reserve.exists()
        space.bytes = 1 << 40
    assert reserve.exists(), "it is taken anew as soon as the server has ended and there is room"


def test_a_log_that_cannot_be_opened_for_want_of_space_is_told_as_that(tmp_path: Path, space: Space) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert type(fault(error, tmp_path / "store.db")) is Unavailable
    space.bytes = 0
    found = fault(error, tmp_path / "store.db")
    assert type(found) is Full
    assert str(found) == f"the disk of the database {tmp_path}/store.db is full: disk I/O error"
