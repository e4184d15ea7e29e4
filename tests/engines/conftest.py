"""What the tests of engines share."""

from __future__ import annotations

import pytest

from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver


@pytest.fixture
def transit() -> Driver:
    """A transit engine over an empty store."""
    return Driver(TRANSIT)
