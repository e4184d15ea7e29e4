"""A server with a ledger, for each test; modules whose tests share one have their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ledger_load import declared, ready
from tests.support.products import Product
from tests.support.servers import Server


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def server(tmp_path: Path, log: Path) -> Iterator[Server]:
    """A server of two workers with a required ledger and no other device of its own."""
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(log)) as server:
        ready(server)
        yield server
