"""What every implementation of ``Storage`` does."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.barrier.barrier import OVERHEAD_BYTES
from storage.base import (
    MAX_KEY_BYTES,
    MAX_VALUE_BYTES,
    Changes,
    Conflict,
    KeyTooLong,
    Reader,
    Storage,
    Store,
    Transaction,
    Unavailable,
    delete,
    put,
    transact,
)
from storage.memory import MemoryStore
from storage.optimistic import MAX_TRANSACTION_WRITES
from tests.storage.conftest import Subject, open_barrier


async def fill(subject: Subject, *keys: str) -> None:
    async with subject.storage.transaction() as transaction:
        for key in keys:
            transaction.put(subject.prefix + key, key.encode())


async def test_get_put_delete(subject: Subject) -> None:
    key = subject.prefix + "a/b"
    assert await subject.storage.get(key) is None
    await put(subject.storage, key, b"one")
    assert await subject.storage.get(key) == b"one"
    await put(subject.storage, key, b"")
    assert await subject.storage.get(key) == b""
    await delete(subject.storage, key)
    assert await subject.storage.get(key) is None
    await delete(subject.storage, key)


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", "a\x00b", "a\nb", "\x7f", "\ud800", "k" * 2049, "é" * 1025]
)
async def test_keys_that_cannot_be(subject: Subject, key: str) -> None:
    key = subject.prefix + key
    with pytest.raises(ValueError):
        await subject.storage.get(key)
    with pytest.raises(ValueError):
        await put(subject.storage, key, b"")
    with pytest.raises(ValueError):
        await delete(subject.storage, key)


@pytest.mark.parametrize("prefix", ["a", "/", "//", "a//", "a\x01/"])
async def test_prefixes_that_cannot_be(subject: Subject, prefix: str) -> None:
    with pytest.raises(ValueError):
        await subject.storage.list(subject.prefix + prefix)
    with pytest.raises(ValueError):
        await subject.storage.list(subject.prefix, limit=-1)
    async with subject.storage.transaction() as transaction:
        with pytest.raises(ValueError):
            await transaction.list(subject.prefix + prefix)


async def test_the_longest_key(subject: Subject) -> None:
    longest = subject.prefix + "k" * (MAX_KEY_BYTES - len("ns/root/part/"))
    await put(subject.storage, longest, b"value")
    assert await subject.storage.get(longest) == b"value"
    assert await subject.storage.list(subject.prefix) == [longest.removeprefix(subject.prefix)]
    with pytest.raises(KeyTooLong):
        await subject.storage.get(subject.prefix + "k" * (MAX_KEY_BYTES + 1))
    with pytest.raises(KeyTooLong):
        await subject.storage.list(subject.prefix + "k" * MAX_KEY_BYTES + "/")


async def test_the_largest_value(store: Store) -> None:
    barrier = await open_barrier(store)
    for storage, key, size in [(store, "a", MAX_VALUE_BYTES), (barrier, "ns/root/a", MAX_VALUE_BYTES - OVERHEAD_BYTES)]:
        largest = bytes(size)
        await put(storage, key, largest)
        assert await storage.get(key) == largest
        with pytest.raises(ValueError, match="at most"):
            await put(storage, key, bytes(size + 1))
        assert await storage.get(key) == largest


async def test_too_many_writes(store: Storage) -> None:
    with pytest.raises(ValueError):
        async with store.transaction() as transaction:
            for number in range(MAX_TRANSACTION_WRITES + 1):
                transaction.delete(f"k{number}")


async def test_list_names_and_folders(subject: Subject) -> None:
    await fill(subject, "a", "a-b", "a/x", "a/y/z", "a0", "b/c/d", "é", "😀/x", "字", "zz")
    names = await subject.storage.list(subject.prefix)
    assert names == ["a", "a-b", "a/", "a0", "b/", "zz", "é", "字", "😀/"]
    assert names == sorted(names, key=lambda name: name.encode())
    assert await subject.storage.list(subject.prefix + "a/") == ["x", "y/"]
    assert await subject.storage.list(subject.prefix + "b/c/") == ["d"]
    assert await subject.storage.list(subject.prefix + "none/") == []
    assert await subject.storage.list(subject.prefix + "zz/") == []


async def test_list_pages(subject: Subject) -> None:
    await fill(subject, "a", "a-b", "a/x", "a/y/z", "a0", "b/c/d", "b/c/e", "é", "zz")
    everything = await subject.storage.list(subject.prefix)
    for after in ["", *everything, "a/x", "a/~", "b", "b/c", "aa", "~", "zzz"]:
        expected = everything[bisect_right(everything, after) :]
        for limit in (None, 0, 1, 2, 3, 100):
            assert await subject.storage.list(subject.prefix, after, limit) == expected[:limit], (after, limit)
            async with subject.storage.transaction() as transaction:
                assert await transaction.list(subject.prefix, after, limit) == expected[:limit]


async def test_a_transaction_sees_its_own_writes(subject: Subject) -> None:
    p = subject.prefix
    await fill(subject, "gone/a", "gone/b/c", "half/a", "half/b/c", "half/b/d", "key", "kept")
    async with subject.storage.transaction() as transaction:
        transaction.delete(p + "gone/a")
        assert await transaction.list(p) == ["gone/", "half/", "kept", "key"]
        transaction.delete(p + "gone/b/c")
        transaction.delete(p + "half/a")
        transaction.delete(p + "half/b/c")
        transaction.delete(p + "key")
        transaction.put(p + "new/x", b"x")
        transaction.put(p + "kept", b"changed")
        assert await transaction.list(p) == ["half/", "kept", "new/"]
        assert await transaction.list(p, limit=1) == ["half/"]
        assert await transaction.list(p, "half/", 1) == ["kept"]
        assert await transaction.list(p + "gone/") == []
        assert await transaction.list(p + "half/") == ["b/"]
        assert await transaction.get(p + "key") is None
        assert await transaction.get(p + "kept") == b"changed"
        assert await transaction.get(p + "new/x") == b"x"
        transaction.put(p + "gone/a", b"back")
        assert await transaction.list(p) == ["gone/", "half/", "kept", "new/"]
        assert await subject.storage.get(p + "new/x") is None
    assert await subject.storage.list(p) == ["gone/", "half/", "kept", "new/"]
    assert await subject.storage.get(p + "gone/a") == b"back"


async def test_a_very_deep_folder_can_vanish_in_a_transaction(subject: Subject) -> None:
    key = subject.prefix + "/".join("x" * 900)
    await put(subject.storage, key, b"")
    async with subject.storage.transaction() as transaction:
        transaction.delete(key)
        assert await transaction.list(subject.prefix) == []


PATHS = st.lists(st.sampled_from(["a", "b", "a-", "é"]), min_size=1, max_size=3).map("/".join)


@given(
    before=st.sets(PATHS, max_size=8),
    writes=st.dictionaries(PATHS, st.booleans(), max_size=6),
    after=st.sampled_from(["", "a", "a/", "a-", "b", "b/", "é"]),
    limit=st.sampled_from([None, 1, 2, 3]),
)
@settings(max_examples=150, deadline=None)
async def test_lists_over_own_writes_are_those_after_the_commit(
    before: set[str], writes: dict[str, bool], after: str, limit: int | None
) -> None:
    store = MemoryStore()
    async with store.transaction() as transaction:
        for key in before:
            transaction.put(key, b"")
    async with store.transaction() as transaction:
        for key, kept in writes.items():
            if kept:
                transaction.put(key, b"")
            else:
                transaction.delete(key)
        seen = {prefix: await transaction.list(prefix, after, limit) for prefix in ("", "a/", "a/b/")}
    assert seen == {prefix: await store.list(prefix, after, limit) for prefix in seen}


async def test_an_exception_discards_everything(subject: Subject) -> None:
    await fill(subject, "a")
    revision = subject.store.revision
    with pytest.raises(KeyError):
        async with subject.storage.transaction() as transaction:
            transaction.put(subject.prefix + "a", b"other")
            transaction.put(subject.prefix + "b", b"other")
            raise KeyError
    assert await subject.storage.get(subject.prefix + "a") == b"a"
    assert await subject.storage.list(subject.prefix) == ["a"]
    assert subject.store.revision == revision


async def test_a_finished_transaction_is_of_no_use(subject: Subject) -> None:
    async with subject.storage.transaction() as transaction:
        pass
    with pytest.raises(ValueError, match="finished"):
        transaction.put(subject.prefix + "a", b"")
    with pytest.raises(ValueError, match="finished"):
        await transaction.get(subject.prefix + "a")


Read: TypeAlias = Callable[[Reader, str], Awaitable[object]]


async def read_entry(reader: Reader, prefix: str) -> object:
    return await reader.get(prefix + "a")


async def read_absent(reader: Reader, prefix: str) -> object:
    return await reader.get(prefix + "new")


async def read_list(reader: Reader, prefix: str) -> object:
    return await reader.list(prefix)


async def read_page(reader: Reader, prefix: str) -> object:
    return await reader.list(prefix, "a", 1)


@pytest.mark.parametrize(
    ("read", "change"),
    [
        (read_entry, {"a": b"2"}),
        (read_entry, {"a": b"a"}),
        (read_entry, {"a": None}),
        (read_absent, {"new": b""}),
        (read_list, {"new": b""}),
        (read_list, {"new/below": b""}),
        (read_list, {"a": None}),
        (read_page, {"ab": b""}),
    ],
)
async def test_what_was_read_must_not_have_changed(
    subject: Subject, read: Read, change: dict[str, bytes | None]
) -> None:
    await fill(subject, "a", "b")
    with pytest.raises(Conflict):
        async with subject.storage.transaction() as transaction:
            await read(transaction, subject.prefix)
            async with subject.storage.transaction() as other:
                for key, value in change.items():
                    if value is None:
                        other.delete(subject.prefix + key)
                    else:
                        other.put(subject.prefix + key, value)
            transaction.put(subject.prefix + "result", b"")
    assert await subject.storage.get(subject.prefix + "result") is None


@pytest.mark.parametrize("read", [read_entry, read_absent, read_list, read_page])
async def test_other_changes_are_no_conflict(subject: Subject, read: Read) -> None:
    await fill(subject, "a", "b/c")
    async with subject.storage.transaction() as transaction:
        await read(transaction, subject.prefix)
        await fill(subject, "b/d")
        transaction.put(subject.prefix + "result", b"done")
    assert await subject.storage.get(subject.prefix + "result") == b"done"


async def test_reads_repeat(subject: Subject) -> None:
    await fill(subject, "a")
    with pytest.raises(Conflict):
        async with subject.storage.transaction() as transaction:
            assert await transaction.get(subject.prefix + "a") == b"a"
            assert await transaction.list(subject.prefix) == ["a"]
            await put(subject.storage, subject.prefix + "a", b"2")
            await put(subject.storage, subject.prefix + "b", b"2")
            assert await transaction.get(subject.prefix + "a") == b"a"
            assert await transaction.list(subject.prefix) == ["a"]
            transaction.put(subject.prefix + "c", b"")


async def test_a_transaction_that_only_read_is_consistent(subject: Subject) -> None:
    p = subject.prefix
    await fill(subject, "a", "b")
    # Both reads before the change: one state, though not the latest.
    async with subject.storage.transaction() as transaction:
        assert (await transaction.get(p + "a"), await transaction.get(p + "b")) == (b"a", b"b")
        await fill(subject, "a", "b")
    # A change in between that touches neither.
    async with subject.storage.transaction() as transaction:
        await transaction.get(p + "a")
        await fill(subject, "c")
        await transaction.get(p + "b")
    # The old "a" and the new "b" never were there together.
    with pytest.raises(Conflict):
        async with subject.storage.transaction() as transaction:
            await transaction.get(p + "a")
            await fill(subject, "a", "b")
            await transaction.get(p + "b")


async def test_transact_counts_right_under_concurrency(subject: Subject) -> None:
    key = subject.prefix + "counter"

    async def increment(transaction: Transaction) -> int:
        value = int(await transaction.get(key) or b"0") + 1
        transaction.put(key, str(value).encode())
        return value

    seen = await asyncio.gather(*(transact(subject.storage, increment) for _ in range(60)))
    assert sorted(seen) == list(range(1, 61))
    assert await subject.storage.get(key) == b"60"


async def test_transact_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.base._ATTEMPTS", 20)
    store = MemoryStore()
    attempts = 0

    async def work(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.get("a")
        await put(store, "a", str(attempts).encode())
        transaction.put("b", b"")

    with pytest.raises(Conflict):
        await transact(store, work)
    assert attempts == 20


async def test_concurrent_commits_of_one_entry_leave_one_winner(subject: Subject) -> None:
    key = subject.prefix + "a"

    async def attempt(number: int) -> bool:
        try:
            async with subject.storage.transaction() as transaction:
                assert await transaction.get(key) is None
                await everybody_has_read.wait()
                transaction.put(key, str(number).encode())
        except Conflict:
            return False
        return True

    everybody_has_read = asyncio.Barrier(5)
    won = await asyncio.gather(*(attempt(number) for number in range(5)))
    assert won.count(True) == 1
    assert await subject.storage.get(key) == str(won.index(True)).encode()


async def test_revisions_and_changes(store: Store) -> None:
    assert store.revision == 0
    start = await store.changes(0)
    assert start == Changes(0, frozenset())
    await put(store, "a", b"1")
    async with store.transaction() as transaction:
        transaction.put("b", b"2")
        transaction.delete("c/d")
    async with store.transaction() as transaction:
        await transaction.get("a")
    assert store.revision == 2
    for since, keys in [(0, {"a", "b", "c/d"}), (1, {"b", "c/d"}), (2, set())]:
        changes = await store.changes(since)
        assert changes == Changes(2, frozenset(keys))
    assert (await store.changes(3)).keys is None
    assert (await store.changes(-1)).keys is None


async def test_each_commit_has_its_own_revision(store: Store) -> None:
    await asyncio.gather(*(put(store, f"k{number}", b"") for number in range(20)))
    assert store.revision == 20
    keys = [(await store.changes(since)).keys for since in range(20)]
    assert [len(changed) for changed in keys if changed is not None] == list(range(20, 0, -1))


async def test_closing(store: Store) -> None:
    await put(store, "a", b"")
    await store.close()
    await store.close()
    with pytest.raises(Unavailable):
        await store.get("a")
    with pytest.raises(Unavailable):
        await store.list("")
    with pytest.raises(Unavailable):
        await put(store, "a", b"")
    with pytest.raises(Unavailable):
        await store.changes(0)
