"""Servers for the tests of ``sys``."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server import plugins
from server.settings import Settings
from storage.seals.base import Seal
from tests.server.systems import NewServer, Server, load_plugin, plugin_names


@pytest_asyncio.fixture
async def new_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NewServer]:
    """Makes servers that are neither initialised nor unsealed, with the plug-ins of ``tests.server.systems``."""
    monkeypatch.setattr(plugins, "load", load_plugin)
    monkeypatch.setattr(plugins, "names", plugin_names)
    servers: list[Server] = []

    async def make(settings: Settings | None = None, seal: Seal | None = None) -> Server:
        servers.append(Server(settings, seal))
        return servers[-1]

    yield make
    for server in servers:
        await server.core.stop()


@pytest_asyncio.fixture
async def server(new_server: NewServer) -> Server:
    """An unsealed server; its client has the root token."""
    return await (await new_server()).unsealed()
