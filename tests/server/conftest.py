"""Servers for the tests of ``sys``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio

from server.core.settings import Settings
from server.pipeline.tracing.provider import Tracing
from server.processes.worker_loop import new_loop
from server.runtime import plugins
from storage.base import put
from storage.memory import MemoryStore
from storage.seals.base import Seal
from tests.server.processes.importer import Importer
from tests.support.systems import NewServer, Server, load_plugin, plugin_names

_wrapping_key: list[bytes] = []


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that servers run on, whose transports and TLS are its own."""
    return {"uvloop": new_loop}


@pytest_asyncio.fixture
async def new_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NewServer]:
    """Makes servers that are neither initialised nor unsealed, with the plug-ins of ``tests.support.systems``."""
    monkeypatch.setattr(plugins, "load", load_plugin)
    monkeypatch.setattr(plugins, "names", plugin_names)
    servers: list[Server] = []

    async def make(
        settings: Settings | None = None, seal: Seal | None = None, tracing: Tracing | None = None
    ) -> Server:
        servers.append(Server(settings, seal, tracing))
        return servers[-1]

    yield make
    for server in servers:
        await server.core.stop()


@pytest_asyncio.fixture
async def server(new_server: NewServer) -> Server:
    """An unsealed server; its client has the root token."""
    return await (await new_server()).unsealed()


@pytest_asyncio.fixture
async def client(new_server: NewServer) -> AsyncIterator[Importer]:
    """A client of a server of its own, which has the wrapping key of the first: making one takes seconds."""
    server = await (await new_server()).unsealed()
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    storage = await server.storage_of("transit/")
    if _wrapping_key:
        await put(storage, "policy/import/wrapping-key", _wrapping_key[0])
    client = Importer(server)
    await client.recipient()
    if not _wrapping_key:
        value = await storage.get("policy/import/wrapping-key")
        assert value is not None
        _wrapping_key.append(value)
    yield client
    assert server.dispatcher.bugs == 0


@pytest.fixture
def slow_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory storage in which reads wait, as they do on a disk: others get a turn meanwhile."""
    get = MemoryStore.get

    async def waiting(store: MemoryStore, key: str) -> bytes | None:
        await asyncio.sleep(0)
        return await get(store, key)

    monkeypatch.setattr(MemoryStore, "get", waiting)
