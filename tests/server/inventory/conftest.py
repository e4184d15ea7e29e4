"""A server with the engine cbom."""

from __future__ import annotations

from typing import Any

import pytest

from server.runtime import plugins
from server.system.inventory.engine import CBOM
from tests.support.systems import NewServer, Server, load_plugin


@pytest.fixture
async def server(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    """An unsealed server with the engine at ``ours/``."""

    def load(group: str, name: str) -> Any:
        return CBOM if (group, name) == (plugins.ENGINES, CBOM.type) else load_plugin(group, name)

    monkeypatch.setattr(plugins, "load", load)
    server = await (await new_server()).unsealed()
    assert (await server.ask("POST", "sys/mounts/ours", {"type": "cbom"}))[0] == 204
    return server
