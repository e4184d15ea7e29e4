"""A listener of each kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from server.config import Listener
from tests.server.listeners.serving import PLAIN, SERVERS, secure


@pytest.fixture(params=[*SERVERS, "TLS"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Listener:
    """Each way to HTTP/1.1: what holds for one holds for all."""
    return secure(tmp_path) if request.param == "TLS" else replace(PLAIN, server=request.param)
