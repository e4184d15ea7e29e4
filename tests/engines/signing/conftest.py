"""What the tests of the engine ``signing`` share."""

from __future__ import annotations

import pytest

from engines.base import Caller
from engines.signing import Signing
from tests.engines.driver import Driver

ALICE = Caller("userpass-alice", ("default", "tokens"), "11111111-2222-3333-4444-555555555555")


@pytest.fixture
def signing() -> Driver:
    """An engine over an empty store, called by somebody."""
    driver = Driver(Signing)
    driver.caller = ALICE
    return driver
