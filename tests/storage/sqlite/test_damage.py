"""Damaged files, full disks and locked databases."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from storage.base import Damaged, Full, Unavailable, put
from storage.sqlite.store import SqliteStore, open_sqlite
from tests.storage.sqlite.stores import opened


async def test_a_log_cut_at_any_byte_holds_every_commit_up_to_there(path: Path, tmp_path: Path) -> None:
    log = path.with_name("store.db-wal")
    sizes = []
    async with opened(path) as store:
        for number in range(6):
            await put(store, f"k{number}", bytes([number]) * 500)
            sizes.append(log.stat().st_size)
        database, whole = path.read_bytes(), log.read_bytes()
    for cut in sorted({*range(0, len(whole), 1009), *sizes, *(size - 1 for size in sizes)}):
        copy = tmp_path / "copy"
        copy.mkdir()
        (copy / "db").write_bytes(database)
        (copy / "db-wal").write_bytes(whole[:cut])
        async with opened(copy / "db") as store:
            committed = sum(size <= cut for size in sizes)
            assert store.revision == committed
            assert await store.list("") == [f"k{number}" for number in range(committed)]
            for number in range(committed):
                assert await store.get(f"k{number}") == bytes([number]) * 500
        shutil.rmtree(copy)


# What breaks.


async def test_what_is_no_database_is_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, but long enough to be taken for one. " * 20)
    with pytest.raises(Damaged, match=r"store\.db"):
        await open_sqlite({"path": str(path)})
    assert path.read_bytes().startswith(b"this is not")


async def test_a_database_that_can_only_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path):
        pass
    asked: list[tuple[Path, int]] = []

    def access(file: Path, mode: int) -> bool:
        asked.append((file, mode))
        return not mode & os.W_OK

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(Unavailable, match=r"store\.db can't be both read and written"):
        await open_sqlite({"path": str(path)})
    assert asked == [(path, os.R_OK | os.W_OK)]


async def test_a_destroyed_page_is_damaged(path: Path) -> None:
    async with opened(path) as store:
        async with store.transaction() as transaction:
            for number in range(300):
                transaction.put(f"k{number:03}", b"x" * 300)
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(Damaged, match=r"store\.db"):
        async with opened(path) as store:
            for number in range(300):
                await store.get(f"k{number:03}")


async def test_damage_found_while_committing_is_told(path: Path) -> None:
    async with opened(path) as store:
        async with store.transaction() as transaction:
            for number in range(300):
                transaction.put(f"k{number:03}", b"x" * 300)
    async with opened(path) as store:

        def damage(statement: str) -> None:
            store._writer.connection.execute("PRAGMA writable_schema = ON")
            store._writer.connection.execute(statement)

        await store._writer.run(damage, "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'changes'")
    with pytest.raises(Damaged):
        async with opened(path) as store:
            await put(store, "k150", b"")


async def test_a_value_of_another_type_is_damaged(store: SqliteStore) -> None:
    await put(store, "a", b"1")

    def damage(value: str) -> None:
        store._writer.connection.execute("UPDATE entries SET value = ?", (value,))

    await store._writer.run(damage, "text")
    with pytest.raises(Damaged, match=r"^a: "):
        await store.get("a")


async def test_a_full_disk_refuses_and_recovers(store: SqliteStore) -> None:
    await put(store, "a", b"1")

    def limit_pages(pages: int) -> None:
        store._writer.connection.execute(f"PRAGMA max_page_count = {pages}")

    await store._writer.run(limit_pages, 10)
    results = await asyncio.gather(put(store, "large", bytes(200_000)), put(store, "a", b"2"), return_exceptions=True)
    assert isinstance(results[0], Full)
    assert await store.get("large") is None
    assert await store.get("a") == b"1"
    assert store.revision == 1
    await store._writer.run(limit_pages, 1_000_000)
    await put(store, "large", bytes(200_000))
    assert store.revision == 2


async def test_a_database_that_stays_locked_is_unavailable(path: Path, store: SqliteStore) -> None:
    def wait_at_most(seconds: float) -> None:
        store._writer.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    await put(store, "a", b"1")
    await store._writer.run(wait_at_most, 0.05)
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable, match="locked"):
            await put(store, "a", b"2")
        assert await store.get("a") == b"1"
    finally:
        locker.close()
    await put(store, "a", b"3")
    assert await store.get("a") == b"3"
