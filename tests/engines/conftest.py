"""What the tests of engines share."""

from __future__ import annotations

import pytest

from engines.transit import Transit
from tests.engines.driver import Driver


@pytest.fixture
def transit() -> Driver:
    """A transit engine over an empty store."""
    return Driver(Transit)
