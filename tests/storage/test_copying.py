"""Copies of databases: of one moment, whole or not there at all, and never over what is there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from storage.base import Copyable, Damaged, StorageFault, Unavailable, put
from storage.sqlite import copying, schema
from storage.sqlite.opener import opener
from storage.sqlite.store import open_sqlite


def _settings(path: Path) -> dict[str, str]:
    return {"path": str(path)}


async def _fill(path: Path, entries: int) -> None:
    store = await open_sqlite(_settings(path))
    for number in range(entries):
        await put(store, f"a/{number}", b"%d" % number)
    await store.close()


async def _read(path: Path) -> dict[str, bytes | None]:
    store = await open_sqlite(_settings(path))
    found = {name: await store.get(f"a/{name}") for name in await store.list("a/")}
    await store.close()
    return found


def _files(folder: Path) -> list[str]:
    """What is in ``folder``, but for what SQLite leaves beside a database that is only read."""
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".db-wal", ".db-shm"))


async def test_there_and_back(tmp_path: Path) -> None:
    assert isinstance(opener, Copyable)
    await _fill(tmp_path / "one/store.db", 5)
    assert opener.back_up(_settings(tmp_path / "one/store.db"), tmp_path / "copy") == 5
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert opener.restore(_settings(tmp_path / "two/store.db"), tmp_path / "copy") == 5
    assert stat.S_IMODE((tmp_path / "two/store.db").stat().st_mode) == 0o600
    assert await _read(tmp_path / "two/store.db") == await _read(tmp_path / "one/store.db")
    assert _files(tmp_path) == ["copy", "one", "two"]


async def test_of_one_moment_while_others_write(tmp_path: Path) -> None:
    """A pair of entries is always written together, and so it is in every copy."""
    store = await open_sqlite(_settings(tmp_path / "store.db"))
    ended = threading.Event()

    def copy_many() -> list[int]:
        try:
            return [opener.back_up(_settings(tmp_path / "store.db"), tmp_path / f"copy-{n}") for n in range(10)]
        finally:
            ended.set()

    copying_ = asyncio.get_running_loop().run_in_executor(None, copy_many)
    count = 0
    while not ended.is_set():
        async with store.transaction() as transaction:
            for half in ("left", "right"):
                transaction.put(f"{half}/{count}", b"%d" % count)
        count += 1
    counts = await copying_
    await store.close()
    assert counts == sorted(counts)
    assert len(set(counts)) > 1
    for number in range(10):
        with sqlite3.connect(tmp_path / f"copy-{number}") as copy:
            keys = [key for (key,) in copy.execute("SELECT key FROM entries")]
        copy.close()
        assert sorted(keys) == sorted(f"{half}/{n}" for half in ("left", "right") for n in range(len(keys) // 2))


async def test_a_copy_is_one_file(tmp_path: Path) -> None:
    """What was committed last may lie in the log of the database alone."""
    store = await open_sqlite(_settings(tmp_path / "one/store.db"))
    await put(store, "a/b", b"c")
    assert (tmp_path / "one/store.db-wal").stat().st_size
    (tmp_path / "copies").mkdir()
    opener.back_up(_settings(tmp_path / "one/store.db"), tmp_path / "copies/copy")
    await store.close()
    assert _files(tmp_path / "copies") == ["copy"]
    with sqlite3.connect(f"file:{tmp_path}/copies/copy?mode=ro&immutable=1", uri=True) as copy:
        assert copy.execute("SELECT value FROM entries").fetchall() == [(b"c",)]
    copy.close()


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    await _fill(tmp_path / "store.db", 1)
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(Unavailable, match="is there already"):
        opener.back_up(_settings(tmp_path / "store.db"), tmp_path / "copy")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Unavailable, match="is there already"):
        opener.back_up(_settings(tmp_path / "store.db"), tmp_path / "link")
    assert (tmp_path / "copy").read_text() == "precious"


async def test_a_name_that_is_taken_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(tmp_path / "store.db", 1)
    flush = copying._flush

    def take(file: Path) -> None:
        flush(file)
        (tmp_path / "copy").write_text("precious")

    monkeypatch.setattr(copying, "_flush", take)
    with pytest.raises(Unavailable, match="is there already"):
        opener.back_up(_settings(tmp_path / "store.db"), tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"
    assert _files(tmp_path) == ["copy", "store.db"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
async def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    await _fill(tmp_path / "store.db", 3)
    before = _files(tmp_path)

    def fail(file: Path) -> None:
        assert not (tmp_path / "copy").exists()
        assert [name for name in _files(tmp_path) if name.endswith(".part")]
        raise error

    monkeypatch.setattr(copying, "_flush", fail)
    with pytest.raises((Unavailable, KeyboardInterrupt)):
        opener.back_up(_settings(tmp_path / "store.db"), tmp_path / "copy")
    assert _files(tmp_path) == before
    with pytest.raises((Unavailable, KeyboardInterrupt)):
        copying.restore(tmp_path / "store.db", tmp_path / "copy")
    assert _files(tmp_path) == before


async def test_everything_is_flushed_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(tmp_path / "store.db", 3)
    flushed: list[str] = []
    fsync = os.fsync

    def note(handle: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{handle}")).name
        flushed.append(f"{name} {(tmp_path / 'copy').exists()}")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    opener.back_up(_settings(tmp_path / "store.db"), tmp_path / "copy")
    assert [line.split()[1] for line in flushed] == ["False", "True"]
    assert flushed[0].startswith(".copy.")
    assert flushed[1] == f"{tmp_path.name} True"


async def test_what_is_no_database_is_not_copied(tmp_path: Path) -> None:
    for name, content, expected in (
        ("text", b"this is not a database" * 100, "is damaged"),
        ("empty", b"", "is no database of CryptoServe"),
        ("missing", None, "there is no database"),
    ):
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(StorageFault, match=expected):
            opener.restore(_settings(tmp_path / "new/store.db"), file)
        with pytest.raises(StorageFault, match=expected):
            opener.back_up(_settings(file), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert (tmp_path / "new/store.db").stat().st_size == 0


async def test_a_damaged_database_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await _fill(path, 2000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = bytes(8192)
    path.write_bytes(content)
    with pytest.raises(Damaged):
        opener.back_up(_settings(path), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_a_newer_copy_is_not_restored(tmp_path: Path) -> None:
    await _fill(tmp_path / "store.db", 1)
    with sqlite3.connect(tmp_path / "store.db") as newer:
        newer.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(Unavailable, match="use the release that wrote it"):
        opener.restore(_settings(tmp_path / "new.db"), tmp_path / "store.db")


async def test_only_what_is_empty_is_replaced(tmp_path: Path) -> None:
    await _fill(tmp_path / "copy", 3)
    await _fill(tmp_path / "full.db", 2)
    with pytest.raises(Unavailable, match="isn't empty: it has 2 entries"):
        opener.restore(_settings(tmp_path / "full.db"), tmp_path / "copy")
    assert len(await _read(tmp_path / "full.db")) == 2
    (tmp_path / "text.db").write_text("this is not a database" * 100)
    with pytest.raises(Damaged, match=r"text\.db is damaged"):
        opener.restore(_settings(tmp_path / "text.db"), tmp_path / "copy")
    (tmp_path / "lost.db-wal").write_bytes(b"what was written last")
    with pytest.raises(Unavailable, match="without its database"):
        opener.restore(_settings(tmp_path / "lost.db"), tmp_path / "copy")
    await _fill(tmp_path / "new.db", 0)
    assert opener.restore(_settings(tmp_path / "new.db"), tmp_path / "copy") == 3
    assert len(await _read(tmp_path / "new.db")) == 3


async def test_a_database_in_use_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sqlite.opener.CLAIM_SECONDS", 0.0)
    await _fill(tmp_path / "copy", 3)
    with opener.claim(_settings(tmp_path / "store.db")), pytest.raises(Unavailable, match="in use by another server"):
        opener.restore(_settings(tmp_path / "store.db"), tmp_path / "copy")
    assert (tmp_path / "store.db").stat().st_size == 0
