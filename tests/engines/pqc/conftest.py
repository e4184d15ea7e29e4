"""What the tests of the engine ``pqc`` share."""

from __future__ import annotations

import pytest

from engines.pqc.routes import PQC
from tests.engines.driver import Driver


@pytest.fixture
def pqc() -> Driver:
    """An engine over an empty store."""
    return Driver(PQC)
