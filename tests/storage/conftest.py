"""Every implementation of ``Storage``, for the tests that all of them must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.barrier.barrier import Barrier
from storage.base import Storage, Store
from storage.cache import ObjectCache
from storage.memory import open_memory
from storage.sqlite.store import open_sqlite
from storage.view import View

ROOT_KEY = bytes(range(32))


@dataclass
class Subject:
    """What is tested: ``storage``, whose keys all start with ``prefix``, on ``store``."""

    storage: Storage
    store: Store
    prefix: str


@asynccontextmanager
async def open_store(kind: str, folder: Path) -> AsyncIterator[Store]:
    """A store of ``kind``, closed afterwards."""
    store: Store = await (open_memory({}) if kind == "memory" else open_sqlite({"path": str(folder / "s" / "db")}))
    try:
        yield store
    finally:
        await store.close()


async def open_barrier(store: Store) -> Barrier:
    """An initialised and unsealed barrier over ``store``."""
    barrier = Barrier(store)
    await barrier.initialize(ROOT_KEY)
    await barrier.unseal(ROOT_KEY)
    return barrier


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each backend."""
    async with open_store(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=["bare", "barrier", "view", "view of barrier"])
async def subject(store: Store, request: pytest.FixtureRequest) -> Subject:
    """Each backend, and each layer over it."""
    match request.param:
        case "bare":
            return Subject(store, store, "")
        case "barrier":
            return Subject(await open_barrier(store), store, "ns/root/")
        case "view":
            return Subject(View(store, "part/", ObjectCache(store)), store, "")
        case _:
            return Subject(View(await open_barrier(store), "ns/root/", ObjectCache(store)), store, "")
