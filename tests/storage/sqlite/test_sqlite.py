"""What only the SQLite store does: files, schema, several processes, group commit, and failing well."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.base import Changes, Conflict, Unavailable, delete, put
from storage.optimistic import Proposal
from storage.sqlite import batch as sqlite_batch
from storage.sqlite import schema as sqlite_schema
from storage.sqlite import store as sqlite
from storage.sqlite.store import SqliteStore, open_sqlite
from tests.storage.sqlite.stores import busy_writer, opened


async def test_files_are_for_their_owner_alone(path: Path, store: SqliteStore) -> None:
    await put(store, "a", b"")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3


async def test_everything_is_there_after_reopening(path: Path) -> None:
    async with opened(path) as store:
        await put(store, "a", b"1")
        await put(store, "b/c", b"2")
        await delete(store, "a")
    async with opened(path) as store:
        assert store.revision == 3
        assert await store.get("b/c") == b"2"
        assert await store.list("") == ["b/"]
        assert await store.changes(0) == Changes(3, frozenset({"a", "b/c"}))
        assert await store.changes(2) == Changes(3, frozenset({"a"}))
        assert (await store.changes(4)).keys is None


async def test_settings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs the setting 'path'"):
        await open_sqlite({})
    with pytest.raises(ValueError, match="no setting 'pth'"):
        await open_sqlite({"path": str(tmp_path / "a"), "pth": ""})
    with pytest.raises(Unavailable):
        await open_sqlite({"path": str(tmp_path)})
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="can't be created"):
        await open_sqlite({"path": str(tmp_path / "file" / "db")})


async def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    async with opened(path) as store:
        await put(store, "a", b"1")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Unavailable, match="schema version 99"):
        await open_sqlite({"path": str(path)})
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT key FROM entries").fetchall() == [("a",)]
    connection.close()


async def test_migrations_run_once_and_in_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as store:
        await put(store, "a", b"1")
    later = (("ALTER TABLE entries ADD COLUMN note TEXT",), ("UPDATE entries SET note = 'migrated'",))
    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", (*sqlite_schema.MIGRATIONS, *later))
    for _ in range(2):
        async with opened(path) as store:
            assert await store.get("a") == b"1"
            assert await store._query("SELECT note FROM entries", ()) == [("migrated",)]
            assert await store._query("PRAGMA user_version", ()) == [(3,)]


async def test_a_failed_migration_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as store:
        await put(store, "a", b"1")
    broken = (("ALTER TABLE entries ADD COLUMN note TEXT", "no such statement"),)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "MIGRATIONS", (*sqlite_schema.MIGRATIONS, *broken))
        with pytest.raises(Unavailable):
            await open_sqlite({"path": str(path)})
    async with opened(path) as store:
        assert await store.get("a") == b"1"


async def test_durability_settings(store: SqliteStore) -> None:
    def pragma(name: str) -> object:
        return store._writer.connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert await store._writer.run(pragma, "journal_mode") == "wal"
    assert await store._writer.run(pragma, "synchronous") == 2
    with pytest.raises(Unavailable):
        await store._query("DELETE FROM entries", ())


async def test_closing_ends_every_thread(path: Path) -> None:
    before = set(threading.enumerate())
    async with opened(path) as store:
        await asyncio.gather(*(put(store, f"k{number}", b"") for number in range(5)))
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


async def test_closing_finishes_what_waits(path: Path) -> None:
    store = await open_sqlite({"path": str(path)})
    async with busy_writer(store):
        waiting = asyncio.create_task(put(store, "a", b"1"))
        await asyncio.sleep(0)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await store.get("a")
    await asyncio.gather(waiting, closing)
    async with opened(path) as store:
        assert await store.get("a") == b"1"


# Group commit.


def count_batches(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    commit = store._writer.batch.commit

    def counting(proposals: Sequence[Proposal]) -> list[int]:
        sizes.append(len(proposals))
        return commit(proposals)

    monkeypatch.setattr(store._writer.batch, "commit", counting)
    return sizes


async def test_commits_that_wait_share_a_flush(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_batches(store, monkeypatch)
    await asyncio.gather(*(put(store, f"k{number:03}", b"") for number in range(sqlite.MAX_BATCH + 44)))
    assert sizes == [sqlite.MAX_BATCH, 44]
    assert store.revision == sqlite.MAX_BATCH + 44
    assert len(await store.list("")) == sqlite.MAX_BATCH + 44


async def test_a_conflict_in_a_batch_fails_alone(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_batches(store, monkeypatch)

    async def claim(key: str, value: bytes) -> None:
        async with store.transaction() as transaction:
            assert await transaction.get(key) is None
            await everybody_has_read.wait()
            transaction.put(key, value)

    everybody_has_read = asyncio.Barrier(4)
    results = await asyncio.gather(
        claim("a", b"1"), claim("b", b"1"), claim("a", b"2"), claim("c", b"1"), return_exceptions=True
    )
    assert sizes == [4]
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert [result for result in results if not isinstance(result, Conflict)] == [None] * 3
    assert store.revision == 3
    assert await store.list("") == ["a", "b", "c"]


async def test_readers_do_not_wait_for_the_committer(store: SqliteStore) -> None:
    await put(store, "a/b", b"1")
    async with busy_writer(store):
        waiting = asyncio.create_task(put(store, "a/b", b"2"))
        async with asyncio.timeout(60):
            assert await store.get("a/b") == b"1"
            assert await store.list("a/") == ["b"]
            async with store.transaction() as transaction:
                await transaction.get("a/b")
                await transaction.list("")
        assert not waiting.done()
    await waiting
    assert await store.get("a/b") == b"2"


async def test_cancelling_who_waits_for_a_commit_harms_nobody(store: SqliteStore) -> None:
    async with busy_writer(store):
        tasks = [asyncio.create_task(put(store, f"k{number}", b"")) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        assert isinstance((await asyncio.gather(tasks[1], return_exceptions=True))[0], asyncio.CancelledError)
    await asyncio.gather(tasks[0], tasks[2])
    await put(store, "after", b"")
    assert await store.list("") == ["after", "k0", "k1", "k2"]
    assert store.revision == 4


async def test_a_bug_in_a_commit_is_told_to_who_waits(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(proposal: Proposal, revision: int) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(store._writer.batch, "_apply", broken)
        with pytest.raises(RuntimeError, match="a bug"):
            await put(store, "a", b"")
    await put(store, "b", b"")
    assert await store.list("") == ["b"]


# The record of changes.


async def test_old_changes_are_dropped(path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_batch, "PRUNE_EVERY", 10)
    monkeypatch.setattr(sqlite_batch, "MAX_CHANGES", 6)
    for number in range(20):
        async with store.transaction() as transaction:
            transaction.put(f"a{number}", b"")
            transaction.put(f"b{number}", b"")
    async with opened(path) as other:
        assert other.revision == 20
        assert (await other.changes(15)).keys is None
        assert await other.changes(18) == Changes(20, frozenset({"a18", "a19", "b18", "b19"}))
    rows = await store._query("SELECT count(*) FROM changes", ())
    assert rows[0][0] <= 6 + 2
    assert await store.changes(0) == Changes(20, frozenset(f"{letter}{n}" for letter in "ab" for n in range(20)))


async def test_one_large_commit_outlives_pruning(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_batch, "PRUNE_EVERY", 1)
    monkeypatch.setattr(sqlite_batch, "MAX_CHANGES", 3)
    async with store.transaction() as transaction:
        for number in range(10):
            transaction.put(f"k{number}", b"")
    assert store.revision == 1
    await put(store, "k", b"")
    assert store.revision == 2


async def test_lists_do_not_pay_for_what_lies_below_a_folder(store: SqliteStore) -> None:
    async with store.transaction() as transaction:
        for folder in "abc":
            for number in range(5_000):
                transaction.put(f"{folder}/{number}", b"")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def listed(limit: int | None) -> list[str]:
        store._writer.connection.set_progress_handler(count, 10)
        names = store._writer.batch.names("", "", limit)
        store._writer.connection.set_progress_handler(None, 0)
        return list(names)

    assert await store._writer.run(listed, None) == ["a/", "b/", "c/"]
    assert steps < 100
    assert await store._writer.run(listed, 1) == ["a/"]
