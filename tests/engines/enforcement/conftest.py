"""Transit behind a gate that records what it is asked."""

from __future__ import annotations

import pytest

from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.enforcement.gates import RecordingGate


@pytest.fixture
def gate() -> RecordingGate:
    return RecordingGate()


@pytest.fixture
def transit(gate: RecordingGate) -> Driver:
    return Driver(TRANSIT, gate=gate)
