"""The mount table: no overlaps, the router follows the record, and what is unmounted leaves nothing behind."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import pytest
from msgspec.structs import replace

from engines.base import Call, EngineType, Nothing, Operation, Reply, Route
from engines.faults import InvalidRequest
from server.audit.entry import AuditMount
from server.tenants.mounts.table import (
    MAX_ENTRY_BYTES,
    MAX_TABLE_BYTES,
    MOUNT_TABLE,
    Mounted,
    MountEntry,
    Mounts,
    delete_below,
    new_entry,
)
from storage.base import put
from tests.support.places import Place, new_place


async def _handler(engine: object, call: Call, body: Nothing) -> Reply | None:
    return None


class Engine:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


SAMPLE = EngineType(
    type="sample",
    summary="A sample",
    routes=(Route(Operation.READ, "thing/{name}", _handler, Nothing, "A thing."),),
    open=Engine,
)
AUDIT = AuditMount(point="", type="sample", accessor="", version="", auth=False)


def _mounts(place: Place) -> Mounts:
    def bring_up(entry: MountEntry) -> Mounted:
        return Mounted(entry, SAMPLE, SAMPLE.open(), AUDIT)

    return Mounts(place.view, bring_up)


async def _find(place: Place, mounts: Mounts, path: str) -> tuple[str, str] | None:
    await place.cache.catch_up()
    found = (await mounts.router()).find(path)
    return None if found is None else (found.mounted.entry.path, found.path)


async def test_a_path_leads_to_the_mount_above_it() -> None:
    place = new_place()
    mounts = _mounts(place)
    for path in ("a/", "b/c/", "auth/token/"):
        await mounts.enable(new_entry(path, "sample"))
    assert await _find(place, mounts, "a/thing/x") == ("a/", "thing/x")
    assert await _find(place, mounts, "b/c/thing/x") == ("b/c/", "thing/x")
    assert await _find(place, mounts, "auth/token/lookup") == ("auth/token/", "lookup")
    assert await _find(place, mounts, "b/thing") is None
    assert await _find(place, mounts, "a") is None
    assert await _find(place, mounts, "ab/thing") is None


class _Path(str):
    """A path that counts what is cut from it."""

    cut = 0

    def __getitem__(self, key: Any) -> str:
        self.cut += 1
        return super().__getitem__(key)


async def test_no_more_of_a_path_is_looked_at_than_mounts_are_deep() -> None:
    place = new_place()
    mounts = _mounts(place)
    await mounts.enable(new_entry("b/c/d/", "sample"))
    await place.cache.catch_up()
    router = await mounts.router()
    path = _Path("a/" * 32_000)
    assert router.find(path) is None
    assert path.cut <= 3
    assert (await _mounts(new_place()).router()).find(path) is None


async def test_paths_are_not_kept() -> None:
    """Whoever has no token may ask for any number of them."""
    place = new_place()
    mounts = _mounts(place)
    await mounts.enable(new_entry("a/", "sample"))
    await place.cache.catch_up()
    router = await mounts.router()
    path = "a/thing/" + "x" * 1000
    before = getrefcount(path)
    found = router.find(path)
    assert found is not None and found.endpoint is not None
    assert getrefcount(path) == before


@pytest.mark.parametrize(("first", "second"), [("a/", "a/"), ("a/b/", "a/"), ("a/", "a/b/c/")])
async def test_mounts_don_t_overlap(first: str, second: str) -> None:
    mounts = _mounts(new_place())
    await mounts.enable(new_entry(first, "sample"))
    with pytest.raises(InvalidRequest, match=f"path is already in use at {first}"):
        await mounts.enable(new_entry(second, "sample"))
    assert [entry.path for entry in await mounts.entries()] == [first]


async def test_another_process_s_change_is_seen_and_other_engines_are_kept() -> None:
    place = new_place()
    ours, theirs = _mounts(place), _mounts(place)
    await ours.enable(new_entry("a/", "sample"))
    await place.cache.catch_up()
    engine = (await ours.router()).mounts["a/"].engine
    await theirs.enable(new_entry("b/", "sample"))
    assert await _find(place, ours, "b/thing/x") == ("b/", "thing/x")
    assert (await ours.router()).mounts["a/"].engine is engine
    await theirs.remount("a/", "c/")
    assert await _find(place, ours, "a/thing/x") is None
    assert await _find(place, ours, "c/thing/x") == ("c/", "thing/x")
    assert isinstance(engine, Engine)
    assert engine.closed == 1


async def test_reloading_opens_the_engines_of_the_chosen_mounts_anew_in_every_process() -> None:
    place = new_place()
    ours, theirs = _mounts(place), _mounts(place)
    for path in ("a/", "b/"):
        await ours.enable(new_entry(path, "sample"))
    await place.cache.catch_up()
    before = dict((await theirs.router()).mounts)
    await ours.reload(lambda entry: entry.path == "a/")
    await place.cache.catch_up()
    after = (await theirs.router()).mounts
    assert after["a/"].engine is not before["a/"].engine
    assert after["b/"].engine is before["b/"].engine
    engines = [before["a/"].engine, after["a/"].engine, before["b/"].engine]
    assert [engine.closed for engine in engines if isinstance(engine, Engine)] == [1, 0, 0]
    assert after["a/"].entry == replace(before["a/"].entry, reloads=1)


async def test_remount_errors_change_nothing() -> None:
    mounts = _mounts(new_place())
    await mounts.enable(new_entry("a/", "sample"))
    await mounts.enable(new_entry("b/", "sample"))
    with pytest.raises(InvalidRequest, match='no matching mount at "x/"'):
        await mounts.remount("x/", "y/")
    with pytest.raises(InvalidRequest, match="already in use"):
        await mounts.remount("a/", "b/c/")
    assert [entry.path for entry in await mounts.entries()] == ["a/", "b/"]


async def test_disabling_removes_the_data_of_that_mount_alone() -> None:
    place = new_place()
    mounts = _mounts(place)
    kept, gone = new_entry("a/", "sample"), new_entry("b/", "sample")
    for entry in (kept, gone):
        await mounts.enable(entry)
        for number in range(3):
            await put(place.view, f"{entry.storage_prefix}policy/{number}", b"x")
            await put(place.view, f"{entry.storage_prefix}deep/er/{number}", b"x")
    assert await mounts.disable("b/")
    assert not await mounts.disable("b/")
    assert await place.view.list(gone.storage_prefix) == []
    assert len(await place.view.list(kept.storage_prefix + "policy/")) == 3
    assert await place.view.list("sys/unmounted/") == []


async def test_an_interrupted_removal_is_finished_later() -> None:
    place = new_place()
    mounts = _mounts(place)
    entry = new_entry("a/", "sample")
    await mounts.enable(entry)
    await put(place.view, entry.storage_prefix + "policy/k", b"x")

    async def interrupted() -> None:
        raise KeyboardInterrupt

    mounts.clear_leftovers, original = interrupted, mounts.clear_leftovers  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await mounts.disable("a/")
    assert await mounts.entries() == []
    assert await place.view.list(entry.storage_prefix) != []
    await original()
    assert await place.view.list(entry.storage_prefix) == []


async def test_delete_below_reaches_every_depth() -> None:
    place = new_place()
    for key in ("x/a", "x/a/b", "x/a/b/c", "x/d", "y"):
        await put(place.view, key, b"x")
    await delete_below(place.view, "x/")
    assert await place.view.list("") == ["y"]


async def test_tuning_replaces_the_entry() -> None:
    place = new_place()
    mounts = _mounts(place)
    await mounts.enable(new_entry("a/", "sample"))
    from msgspec.structs import replace

    assert await mounts.tune("a/", lambda entry: replace(entry, description="new"))
    assert not await mounts.tune("b/", lambda entry: entry)
    entry = await mounts.entry("a/")
    assert entry is not None
    assert entry.description == "new"


async def test_what_a_mount_and_all_of_them_may_take_is_bounded() -> None:
    """The table is written with each change and read by every process, so nobody may make it large."""
    place = new_place()
    mounts = _mounts(place)
    await mounts.enable(new_entry("a/", "sample"))
    long = "x" * MAX_ENTRY_BYTES
    with pytest.raises(InvalidRequest, match=f"at most {MAX_ENTRY_BYTES} bytes"):
        await mounts.tune("a/", lambda entry: replace(entry, description=long))
    with pytest.raises(InvalidRequest, match=f"at most {MAX_ENTRY_BYTES} bytes"):
        await mounts.enable(replace(new_entry("b/", "sample"), options={"x": long}))
    fitting = "x" * (MAX_ENTRY_BYTES - 1000)
    with pytest.raises(InvalidRequest, match=f"at most {MAX_TABLE_BYTES} bytes"):
        for number in range(MAX_TABLE_BYTES // len(fitting) + 1):
            await mounts.enable(replace(new_entry(f"c{number}/", "sample"), description=fitting))
    table = await place.view.get(MOUNT_TABLE)
    assert table is not None and len(table) <= MAX_TABLE_BYTES
    assert await mounts.disable("c0/")
    await mounts.enable(new_entry("d/", "sample"))
