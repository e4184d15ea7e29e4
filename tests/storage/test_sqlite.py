"""What only the SQLite store does: files, schema, several processes, group commit, and failing well."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from storage.base import Changes, Conflict, Damaged, Full, Transaction, Unavailable, delete, put, transact
from storage.cache import ObjectCache
from storage.memory import open_memory
from storage.optimistic import Proposal
from storage.shared_memory import SharedRevision, SharedSlots
from storage.sqlite import batch as sqlite_batch
from storage.sqlite import schema as sqlite_schema
from storage.sqlite import store as sqlite
from storage.sqlite.opener import opener
from storage.sqlite.store import SqliteStore, open_sqlite
from storage.view import View

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.db"


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite({"path": str(path)})
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with opened(path) as store:
        yield store


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
        async with asyncio.timeout(5):
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


# Several processes on one file.


async def test_two_stores_on_one_file_see_each_other(path: Path, store: SqliteStore) -> None:
    async with opened(path) as other:
        await put(store, "a", b"1")
        assert await other.get("a") == b"1"
        assert other.revision == 1
        await put(other, "b", b"2")
        assert store.revision == 1
        assert await store.changes(1) == Changes(2, frozenset({"b"}))
        assert store.revision == 2
        await put(other, "c", b"3")
        await put(store, "d", b"4")
        # The own commit is known, but not what came before it.
        assert store.revision == 4
        assert await store.changes(2) == Changes(4, frozenset({"c", "d"}))
        assert await store.changes(3) == Changes(4, frozenset({"d"}))
        with pytest.raises(Conflict):
            async with store.transaction() as transaction:
                await transaction.list("")
                await put(other, "e", b"5")
                transaction.put("f", b"6")


INCREMENT = """
import asyncio, sys
from storage.base import transact
from storage.sqlite.store import open_sqlite

async def main(path, times):
    store = await open_sqlite({"path": path})
    async def increment(transaction):
        transaction.put("counter", str(int(await transaction.get("counter") or b"0") + 1).encode())
    for _ in range(times):
        await transact(store, increment)
    await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""

WRITE_UNTIL_KILLED = """
import asyncio, sys
from storage.base import put
from storage.sqlite.store import open_sqlite

async def main(path):
    store = await open_sqlite({"path": path})
    async def write(writer):
        for number in range(1_000_000):
            await put(store, f"{writer}/{number:06}", b"x" * 200)
            print(f"{writer}/{number:06}", flush=True)
    await asyncio.gather(*(write(writer) for writer in "abcd"))

asyncio.run(main(sys.argv[1]))
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_processes_that_start_together_count_together(path: Path) -> None:
    processes = [start(INCREMENT, str(path), "15") for _ in range(2)]
    async with opened(path) as store:

        async def increment(transaction: Transaction) -> None:
            transaction.put("counter", str(int(await transaction.get("counter") or b"0") + 1).encode())

        for _ in range(15):
            await transact(store, increment)
        for process in processes:
            await asyncio.to_thread(process.communicate)
            assert process.returncode == 0
        assert await store.get("counter") == b"45"
        assert store.revision == 45


async def test_no_acknowledged_commit_is_lost_when_the_process_is_killed(path: Path) -> None:
    process = start(WRITE_UNTIL_KILLED, str(path))
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(60)]
    process.kill()
    rest, _ = process.communicate()
    # The last line may be cut short.
    acknowledged += [line for line in rest.split("\n")[:-1] if line]
    async with opened(path) as store:
        for key in acknowledged:
            assert await store.get(key) == b"x" * 200
        assert await store._query("PRAGMA integrity_check", ()) == [("ok",)]
        await put(store, "after", b"")


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


async def test_processes_of_one_server_know_each_others_commits_at_once(path: Path) -> None:
    slots = SharedSlots(2)
    first = await open_sqlite({"path": str(path)}, SharedRevision(slots, 0))
    second = await open_sqlite({"path": str(path)}, SharedRevision(slots, 1))
    try:
        cache = ObjectCache(second)
        view = View(second, "", cache)
        await put(first, "a", b"1")
        assert second.revision == 1
        await cache.catch_up()
        assert await view.load("a", bytes.decode) == "1"
        await put(first, "a", b"2")
        assert await second.changes(1) == Changes(2, frozenset({"a"}))
        await cache.catch_up()
        assert await view.load("a", bytes.decode) == "2"
        # What the second knows by heart is its own work only, and must not pass for all there is.
        await put(second, "b", b"")
        await put(first, "c", b"")
        await put(second, "d", b"")
        assert await second.changes(2) == Changes(5, frozenset({"b", "c", "d"}))
    finally:
        await first.close()
        await second.close()


async def test_who_reads_a_commit_tells_of_it(path: Path) -> None:
    """A process that was killed between its commit and telling of it leaves that to whoever meets the commit."""
    slots = SharedSlots(3)
    others = [await open_sqlite({"path": str(path)}, SharedRevision(slots, slot)) for slot in (1, 2)]
    try:
        async with opened(path) as killed:
            await put(killed, "a", b"1")
        assert [other.revision for other in others] == [0, 0]
        assert await others[0].get("a") == b"1"
        assert others[1].revision == 1
    finally:
        for other in others:
            await other.close()


async def test_one_process_leads(path: Path) -> None:
    async with opened(path) as first, opened(path) as second:
        assert await first.lead()
        assert await first.lead()
        assert not await second.lead()
        await first.close()
        assert await second.lead()
        with pytest.raises(Unavailable):
            await first.lead()


async def test_locks_that_cannot_be_made_are_told(path: Path) -> None:
    async with opened(path) as store:
        for name in ("-leader", "-commit"):
            path.with_name(path.name + name).mkdir()
        with pytest.raises(Unavailable, match="can't be locked"):
            await store.lead()
        with pytest.raises(Unavailable, match="can't be locked"):
            await open_sqlite({"path": str(path)}, SharedRevision(SharedSlots(1), 0))


async def test_commits_of_several_processes_queue(path: Path) -> None:
    slots = SharedSlots(4)
    stores = [await open_sqlite({"path": str(path)}, SharedRevision(slots, slot)) for slot in range(4)]
    try:

        async def count(store: SqliteStore) -> None:
            async def work(transaction: Transaction) -> None:
                transaction.put("count", str(int(await transaction.get("count") or b"0") + 1).encode())

            for _ in range(10):
                await transact(store, work)

        await asyncio.gather(*(count(store) for store in stores))
        assert await stores[0].get("count") == b"40"
    finally:
        for store in stores:
            await store.close()


async def test_memory_is_not_shared_by_processes() -> None:
    with pytest.raises(ValueError, match="several workers"):
        await open_memory({}, SharedRevision(SharedSlots(2), 0))


def test_a_database_is_one_servers_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.sqlite.opener.CLAIM_SECONDS", 0.1)
    settings = {"path": str(path)}
    with opener.claim(settings):
        with pytest.raises(Unavailable, match=r"store\.db is in use by another server"), opener.claim(settings):
            pass
    with opener.claim(settings):
        pass
    with pytest.raises(ValueError, match="needs the setting 'path'"), opener.claim({}):
        pass
    lock = path.with_name("store.db-server")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(Unavailable, match="can't be locked"), opener.claim(settings):
        pass
