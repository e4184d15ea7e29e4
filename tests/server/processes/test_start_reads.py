"""A start reads what it needs and no more, however much is stored: nothing scans tokens, leases or what has expired."""

from __future__ import annotations

from auth_methods.records import TokenRecord
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.system.routes import SYSTEM
from storage.memory import MemoryStore
from storage.optimistic import Entry, Names
from storage.seals.shamir import ShamirSeal
from tests.support.places import MovableClock


class _Counting(MemoryStore):
    """Counts what is asked of it, and the names that its lists give."""

    counted = 0

    async def read(self, key: str) -> Entry:
        self.counted += 1
        return await super().read(key)

    async def read_names(self, prefix: str, after: str, limit: int | None) -> Names:
        found = await super().read_names(prefix, after, limit)
        self.counted += 1 + len(found.names)
        return found


async def _reads_of_a_start(tokens: int) -> int:
    """What an unsealing reads of a store that holds so many tokens, of which half have ended meanwhile."""
    store, clock = _Counting(), MovableClock()
    first = Core(store, ShamirSeal(), Settings(), SYSTEM, clock=clock)
    made = await first.initialize(1, 1)
    await first.unseal(made.shares[0])
    assert first.unsealed is not None
    for number in range(tokens):
        record = TokenRecord(
            policies=("default",),
            path=f"auth/method-{number}/login",
            display_name="token",
            creation_time=clock(),
            expire_time=clock() + (60 if number % 2 else 86400),
        )
        await first.unsealed.root.tokens.mint(record)
    await first.seal()
    clock.now += 3600

    store.counted = 0
    second = Core(store, ShamirSeal(), Settings(), SYSTEM, clock=clock)
    await second.unseal(made.shares[0])
    assert second.unsealed is not None
    assert await second.unsealed.root.tokens.authenticate(made.root_token, clock()) is not None
    read = store.counted
    await second.seal()
    return read


async def test_a_start_reads_as_much_with_many_tokens_as_with_few() -> None:
    few, many = await _reads_of_a_start(2), await _reads_of_a_start(400)
    assert few == many
    assert few < 100
