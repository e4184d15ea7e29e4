"""Turns of look-ups: fair among tenants, bounded, and given back however a look-up ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from engines.faults import Unavailable
from server.audit.ledger.turns import MAX_TENANTS, MAX_WAITING, Turns


class Gate:
    """Work that waits until the gate is opened; ``made`` has the names of what was done, in order."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.open = threading.Event()

    def work(self, name: str) -> Callable[[], str]:
        def work() -> str:
            assert self.open.wait(10)
            self.made.append(name)
            return name

        return work


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


async def begun(turns: Turns, tenant: str, work: Callable[[], str]) -> asyncio.Task[str]:
    task = asyncio.create_task(turns.take(tenant, work))
    await asyncio.sleep(0)
    return task


async def test_tenants_take_turns_and_one_cannot_take_all_places(gate: Gate) -> None:
    turns = Turns()
    greedy = [await begun(turns, "a", gate.work(f"a{number}")) for number in range(MAX_WAITING)]
    with pytest.raises(Unavailable):
        await turns.take("a", gate.work("one more"))
    others = [await begun(turns, "b", gate.work(f"b{number}")) for number in range(2)]
    others.append(await begun(turns, "", gate.work("root")))
    gate.open.set()
    await asyncio.gather(*greedy, *others)
    assert gate.made[:7] == ["a0", "a1", "b0", "root", "a2", "b1", "a3"]
    assert await turns.take("a", gate.work("later")) == "later", "all places are free again"


async def test_many_tenants_have_a_place_each(gate: Gate) -> None:
    turns = Turns()
    tasks = [await begun(turns, str(number), gate.work(str(number))) for number in range(MAX_TENANTS)]
    for tenant in ("0", "another"):
        with pytest.raises(Unavailable):
            await turns.take(tenant, gate.work("one more"))
    gate.open.set()
    assert await asyncio.gather(*tasks) == [str(number) for number in range(MAX_TENANTS)]


async def test_a_look_up_that_is_given_up_or_fails_gives_its_turn_back(gate: Gate) -> None:
    turns = Turns()

    def failing() -> str:
        raise ValueError

    first = await begun(turns, "a", gate.work("first"))
    waiting = await begun(turns, "b", gate.work("never"))
    failed = await begun(turns, "c", failing)
    last = await begun(turns, "a", gate.work("last"))
    first.cancel()  # Its work goes on, and the next one waits for it.
    waiting.cancel()
    await asyncio.sleep(0)
    assert not gate.made
    gate.open.set()
    with pytest.raises(ValueError):
        await failed
    assert await last == "last"
    assert gate.made == ["first", "last"]
    assert waiting.cancelled() and first.cancelled()


async def test_a_turn_that_comes_as_its_look_up_is_given_up_goes_on(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns()
    give = turns._next
    first = await begun(turns, "a", gate.work("first"))
    given_up = await begun(turns, "b", gate.work("never"))
    last = await begun(turns, "c", gate.work("last"))
    monkeypatch.setattr(turns, "_next", lambda: (give(), given_up.cancel()))
    gate.open.set()
    assert await last == "last"
    assert gate.made == ["first", "last"]
    assert first.done()
