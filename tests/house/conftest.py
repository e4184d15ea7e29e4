"""What holds for all tests of the house: syntax trees are kept until the last of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house.sources import tree_of


@pytest.fixture(scope="package", autouse=True)
def trees() -> Iterator[None]:
    """Drops the trees."""
    yield
    tree_of.cache_clear()
