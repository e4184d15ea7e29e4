"""The two servers, started once for each test process, and who gives and who takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interop.sides import Pair, Side
from tests.support.products import Product
from tests.support.servers import Server


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """OpenBao and ours, each with a transit engine of the tests' own."""
    if missing := Product.OPENBAO.missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("interop")
    with (
        Server(Product.OPENBAO, folder / "openbao", development=True) as openbao,
        Server(Product.CRYPTOSERVE, folder / "ours", development=True) as ours,
    ):
        both = (Side(openbao), Side(ours))
        for side in both:
            side.mount()
        yield both


@pytest.fixture(params=["from-openbao", "to-openbao"])
def pair(sides: tuple[Side, Side], request: pytest.FixtureRequest) -> Pair:
    """Who makes the key and who takes it over."""
    openbao, ours = sides
    return Pair(openbao, ours) if request.param == "from-openbao" else Pair(ours, openbao)
