"""The servers, started once for each test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.pair import Pair, development_pair


@pytest.fixture(scope="session")
def shared_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The development servers that most scenarios play on."""
    with development_pair(tmp_path_factory.mktemp("conformance")) as pair:
        yield pair
