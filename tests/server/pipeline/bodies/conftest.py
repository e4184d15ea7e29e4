"""A server with an audit log, for large bodies."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from tests.support.systems import NewServer, Server


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the audit writes."""
    return tmp_path / "audit.log"


@pytest.fixture
async def server(new_server: NewServer, log: Path) -> Server:
    """An unsealed server with an audit device and a key."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "transit/keys/k", {}))[0] < 300
    return server
