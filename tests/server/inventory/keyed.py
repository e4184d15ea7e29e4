"""Servers whose inventory has a key."""

from __future__ import annotations

from typing import Any

from server.core.settings import Settings
from tests.server.tenants.namespaced import with_key
from tests.support.systems import NewServer, Server


async def server_with_key(new_server: NewServer, **settings: Any) -> Server:
    """An unsealed server with ``settings``, and a key in the root namespace."""
    server = await (await new_server(Settings(**settings))).unsealed()
    await with_key(server, "")
    return server
