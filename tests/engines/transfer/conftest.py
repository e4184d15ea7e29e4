"""Transit with keys to transfer, and with a wrapping key."""

from __future__ import annotations

import pytest

from tests.engines.driver import Driver, make_keys
from tests.engines.transfer.wrapping import KEYS


@pytest.fixture
async def keys(transit: Driver) -> Driver:
    """The engine with a key of each sort."""
    await make_keys(transit, KEYS)
    return transit


@pytest.fixture
async def wrapping(transit: Driver) -> Driver:
    """The engine with a wrapping key that needn't be waited for: imported ones have 4096 bits and take seconds."""
    await make_keys(transit, {"wrapper": {"type": "rsa-4096"}})
    value = await transit.storage.get("policy/wrapper")
    assert value is not None
    async with transit.storage.transaction() as transaction:
        transaction.put("policy/import/wrapping-key", value)
        transaction.delete("policy/wrapper")
    return transit
