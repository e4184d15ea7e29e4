"""A server with streams on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from tests.server.pipeline.line_client import Streams, serving
from tests.server.pipeline.streams.streaming import LISTENER
from tests.support.certificates import write_certificate
from tests.support.systems import NewServer


@pytest.fixture
def longest_seconds() -> float:
    """What a line and a request may take; a test that waits for it asks for less."""
    return 60


@pytest_asyncio.fixture(params=["uvicorn", "hypercorn", "TLS"])
async def streams(
    request: pytest.FixtureRequest, new_server: NewServer, tmp_path: Path, longest_seconds: float
) -> AsyncIterator[Streams]:
    """A server with an audit log, run by either HTTP server, or over TLS."""
    listener = replace(
        LISTENER,
        server=request.param,
        http_read_timeout_seconds=longest_seconds,
        max_request_duration_seconds=longest_seconds,
    )
    if request.param == "TLS":
        certificate, key = write_certificate(tmp_path, "one")
        listener = replace(
            listener, server="", tls_disable=False, tls_cert_file=str(certificate), tls_key_file=str(key)
        )
    device = DeclaredDevice("file", "file", "", {"file_path": str(tmp_path / "audit.log")})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    async with serving(server, listener) as made:
        yield made
    assert server.dispatcher.bugs == 0
