"""Tokens used by several processes at once: two stores on one file, each with a cache of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.policies.store import PolicyStore
from server.tenants.tokens.leases import Leases
from server.tenants.tokens.store import Tokens
from storage.cache import ObjectCache
from storage.sqlite.store import SqliteStore, open_sqlite
from storage.view import View
from tests.server.tenants.tokens.test_tokens import record, use_once
from tests.support.places import MovableClock


async def _worker(store: SqliteStore) -> Tokens:
    view = View(store, "", ObjectCache(store))
    policies = PolicyStore(view.within("policy/"), MovableClock())
    return await Tokens.open(view.within("token/"), policies, EffectiveIdentities(view.within("identity/")))


@pytest_asyncio.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, SqliteStore]]:
    """Two on one file."""
    settings = {"path": str(tmp_path / "store.db")}
    first, second = await open_sqlite(settings), await open_sqlite(settings)
    yield first, second
    await first.close()
    await second.close()


async def test_both_know_each_others_tokens(stores: tuple[SqliteStore, SqliteStore]) -> None:
    first, second = [await _worker(store) for store in stores]
    service = await first.mint(record())
    batch = await first.mint(record(type="batch", ttl=60))
    for token in (service, batch):
        found = await second.authenticate(token.id, record().creation_time)
        assert found is not None
        assert found.record == token


async def test_uses_are_counted_exactly_across_processes(stores: tuple[SqliteStore, SqliteStore]) -> None:
    workers = [await _worker(store) for store in stores]
    for uses in (1, 7):
        minted = await workers[0].mint(record(num_uses=uses))
        left = await asyncio.gather(*(use_once(workers[index % 2], minted.id) for index in range(20)))
        assert sorted(uses_left for uses_left in left if uses_left is not None) == [-1, *range(1, uses)]


async def test_trees_are_cleared_by_both_without_harm(stores: tuple[SqliteStore, SqliteStore]) -> None:
    workers = [await _worker(store) for store in stores]
    parent = workers[0].hash((await workers[0].mint(record())).id)
    await asyncio.gather(*(workers[index % 2].mint(record(parent=parent)) for index in range(250)))
    view = View(stores[0], "", ObjectCache(stores[0]))
    assert len(await Leases(view.within("token/"), workers[0]).names("auth/token/create")) == 251
    await asyncio.gather(workers[0].revoke(parent), workers[1].revoke(parent))
    while any(await asyncio.gather(*(tokens.sweep(0) for tokens in workers))):
        pass
    assert await view.list("token/") == ["batch-key", "salt"]
