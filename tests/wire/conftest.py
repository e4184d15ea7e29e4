"""Servers for the wire tests. Each runs against ours and against OpenBao, which keeps the tests themselves honest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest

from tests.support.products import Product
from tests.support.servers import Server

_numbers = itertools.count(1)


def _parameter(product: Product) -> object:
    reason = product.missing()
    return pytest.param(product, id=product.value, marks=pytest.mark.skipif(bool(reason), reason=reason))


@pytest.fixture(scope="module", params=[_parameter(product) for product in Product])
def product(request: pytest.FixtureRequest) -> Product:
    """Which server the test runs against."""
    chosen = request.param
    assert isinstance(chosen, Product)
    return chosen


@pytest.fixture(scope="module")
def development(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A development server that the tests of one module share: unsealed, in memory, its token is ``root``."""
    with Server(product, tmp_path_factory.mktemp(product.value), development=True) as server:
        yield server


@pytest.fixture
def production(product: Product, tmp_path: Path) -> Iterator[Server]:
    """A durable server of the test's own, as it is on its first day: not initialised."""
    with Server(product, tmp_path) as server:
        yield server


@pytest.fixture
def transit(development: Server) -> str:
    """The path of a transit engine of the test's own, on the shared development server."""
    path = f"transit-{next(_numbers)}"
    assert development.request("POST", f"sys/mounts/{path}", {"type": "transit"}).status == 204
    return path


@pytest.fixture
def client(development: Server) -> Iterator[Any]:
    """hvac with the root token."""
    connected = hvac.Client(url=development.address, token=development.root_token)
    yield connected
    connected.adapter.close()


@pytest.fixture
def stranger(development: Server) -> Iterator[Any]:
    """hvac without a token."""
    connected = hvac.Client(url=development.address)
    yield connected
    connected.adapter.close()
