"""Several processes that encrypt with one key, and the counts that they store."""

from __future__ import annotations

import asyncio
from typing import Any

from engines.base import Mount, Operation
from engines.keys.encryption_count import VersionCount
from engines.keys.records import VersionTotal, decode_totals
from engines.transit.routes import TRANSIT
from storage.cache import ObjectCache
from storage.view import View
from tests.engines.driver import Driver

HELLO = "aGVsbG8="
ENTRY = "encryptions/k"


class Crowd:
    """Several processes over one store."""

    def __init__(self, size: int) -> None:
        self.first = Driver(TRANSIT)
        self.drivers = [self.first, *(self._another() for _ in range(size - 1))]

    def _another(self) -> Driver:
        driver = Driver(TRANSIT)
        driver.store, driver.clock = self.first.store, self.first.clock
        driver.cache = ObjectCache(driver.store)
        driver.storage = View(driver.store, "mount/", driver.cache)
        driver.engine = TRANSIT.open(Mount(driver.storage, driver.clock, "test_accessor", "transit/"))
        return driver

    def crash(self, index: int) -> None:
        """Replace a process by one that knows nothing."""
        self.drivers[index] = self._another()
        if index == 0:
            self.first = self.drivers[0]


async def encryptions(driver: Driver, name: str = "k") -> dict[str, int]:
    """The counts that reading a key tells; none are told of a key that hasn't encrypted."""
    return dict((await driver.read(f"keys/{name}")).get("encryptions", {}))


async def stored(driver: Driver) -> dict[int, VersionTotal]:
    """The totals of ``k`` in storage."""
    value = await driver.storage.get(ENTRY)
    return {} if value is None else decode_totals(value)


async def settled(driver: Driver) -> None:
    """Wait for the reservations in the background."""
    engine: Any = driver.engine
    await asyncio.gather(*engine.counts._renewals)


def _counts(driver: Driver) -> list[VersionCount]:
    engine: Any = driver.engine
    return list(engine.counts._counts.values())


async def _warned(transit: Driver, **parameters: Any) -> list[str]:
    return (await transit.invoke(Operation.UPDATE, "encrypt/k", plaintext=HELLO, **parameters)).warnings
