"""Caches never serve what a commit has made stale, once they have caught up."""

from __future__ import annotations

import asyncio

import pytest

from storage.base import Store, delete, put
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View


def number(value: bytes) -> list[int]:
    return [int(value)]


async def test_loads_once_until_the_entry_changes(store: Store) -> None:
    cache = ObjectCache(store)
    view = View(store, "part/", cache)
    assert await view.load("a", number) is None
    await put(view, "a", b"1")
    await put(view, "b", b"1")
    await cache.catch_up()
    first, other = await view.load("a", number), await view.load("b", number)
    assert first == [1]
    assert await view.load("a", number) is first
    await put(view, "a", b"2")
    await cache.catch_up()
    assert await view.load("a", number) == [2]
    assert await view.load("b", number) is other
    await delete(view, "a")
    await cache.catch_up()
    assert await view.load("a", number) is None


async def test_what_was_read_before_a_drop_is_not_added_after_it() -> None:
    """The epoch rule: a slow reader must not put back what a commit has made stale."""
    store = MemoryStore()
    cache = ObjectCache(store)
    await put(store, "a", b"1")
    await cache.catch_up()
    epoch = cache.epoch
    value = await store.get("a")
    await put(store, "a", b"2")
    await cache.catch_up()
    assert value is not None
    cache.add("a", number(value), epoch)
    assert cache.get("a") is None
    assert await View(store, "", cache).load("a", number) == [2]


async def test_a_stale_load_across_a_catch_up_is_never_served(store: Store) -> None:
    cache = ObjectCache(store)
    view = View(store, "", cache)
    await put(store, "a", b"0")

    async def read() -> None:
        for _ in range(50):
            await cache.catch_up()
            revision = store.revision
            loaded = await view.load("a", number)
            # Each revision after the first wrote its own number, less one.
            assert loaded is not None
            assert loaded[0] >= revision - 1

    async def write() -> None:
        for value in range(1, 30):
            await put(store, "a", str(value).encode())

    await asyncio.gather(read(), write(), read())


async def test_watchers_hear_of_their_prefix_only(store: Store) -> None:
    cache = ObjectCache(store)
    heard: list[str] = []
    cache.watch("policies/", lambda: heard.append("policies"))
    cache.watch("", lambda: heard.append("all"))
    await put(store, "policies/a", b"")
    await cache.catch_up()
    await cache.catch_up()
    assert heard == ["policies", "all"]
    await put(store, "policie", b"")
    await cache.catch_up()
    assert heard == ["policies", "all", "all"]
    cache.clear()
    assert heard == ["policies", "all", "all", "policies", "all"]


async def test_forgets_everything_when_the_record_of_changes_does_not_reach_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    monkeypatch.setattr(store._changelog, "_max_changes", 2)
    cache = ObjectCache(store)
    cache.add("a", [1], cache.epoch)
    heard: list[None] = []
    cache.watch("never/", lambda: heard.append(None))
    for key in "bcde":
        await put(store, key, b"")
    assert (await store.changes(0)).keys is None
    assert (await store.changes(2)).keys == frozenset({"d", "e"})
    await cache.catch_up()
    assert cache.get("a") is None
    assert heard == [None]


def test_keeps_the_most_recently_used() -> None:
    cache = ObjectCache(MemoryStore(), capacity=2)
    cache.add("a", 1, cache.epoch)
    cache.add("b", 2, cache.epoch)
    assert cache.get("a") == 1
    cache.add("c", 3, cache.epoch)
    assert [cache.get(path) for path in "abc"] == [1, None, 3]


async def test_a_view_stays_within_its_prefix() -> None:
    store = MemoryStore()
    view = View(store, "a/", ObjectCache(store)).within("b/")
    await put(view, "c", b"1")
    assert await store.get("a/b/c") == b"1"
    with pytest.raises(ValueError):
        await view.get("/c")
    with pytest.raises(ValueError, match="ends in"):
        View(store, "a", ObjectCache(store))
