"""What the tests of the engine ``signing`` share."""

from __future__ import annotations

from typing import Any

import pytest

from engines.algorithms import SIGNING_ALGORITHMS
from engines.algorithms.base import Pace
from engines.algorithms.jws import jws_algorithms
from engines.base import Caller
from engines.signing import Signing
from tests.engines.driver import Driver

ALICE = Caller("userpass-alice", ("default", "tokens"), "11111111-2222-3333-4444-555555555555")

ROWS = {
    name: row
    for name, row in SIGNING_ALGORITHMS.items()
    if row.signing is not Pace.LONG or row.parameter_set.endswith("f")
}
"""Those that sign in less than a second; the small sets of SLH-DSA differ from the fast ones by numbers."""

KEYS: dict[str, dict[str, Any]] = {
    name: {"type": row.key_type, **row.type_parameters, "exportable": True} for name, row in ROWS.items()
}
"""How a key of each is made."""

EVERY = [(name, jws.name) for name, row in ROWS.items() for jws in jws_algorithms(row)]
"""Each with every algorithm that its keys sign by."""


@pytest.fixture
def signing() -> Driver:
    """An engine over an empty store, called by somebody."""
    driver = Driver(Signing)
    driver.caller = ALICE
    return driver
