"""One SQLite file and several processes: their commits, their locks, and what a kill leaves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.base import Changes, Conflict, Transaction, Unavailable, put, transact
from storage.cache import ObjectCache
from storage.memory import open_memory
from storage.shared_memory import SharedRevision, SharedSlots
from storage.sqlite.opener import opener
from storage.sqlite.store import SqliteStore, open_sqlite
from storage.view import View
from tests.storage.sqlite.stores import opened

PROJECT = Path(__file__).parents[3]


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
