"""Several workers are one server to whoever asks: they are initialised, unsealed and sealed together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engines.faults import InvalidRequest
from server.seal.shared_state import SharedState, SoleProcess, StateRecord, state_of
from storage.seals.progress import ShareProgress
from storage.secret import Secret
from storage.shared_memory import SharedRevision, SharedSlots
from tests.server.processes.crews import Crew, add_member, automatic_seal, crew_of


def test_a_state_arrives_as_it_was_sent_and_shows_nothing() -> None:
    progress = ShareProgress(3)
    progress.add(b"s" * 33)
    state = SharedState(Secret(b"r" * 32), Secret(b"u" * 32), kept_sealed=True, unsealing=progress)
    record = state.record()
    assert "rrrr" not in repr(record) + repr(state)
    assert "ssss" not in repr(record.unsealing) + repr(state)
    arrived = state_of(record)
    assert arrived.record() == record
    assert arrived.unsealing is not None
    assert (arrived.unsealing.nonce, arrived.unsealing.progress) == (progress.nonce, 1)
    arrived.lock_up()
    assert arrived.record() == StateRecord(kept_sealed=True)


async def test_one_process_changes_one_at_a_time() -> None:
    shared_state = SoleProcess()
    inside = 0

    async def change() -> None:
        nonlocal inside
        async with shared_state.changing() as state:
            assert state is shared_state.state
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(change() for _ in range(5)))


def sealed(crew: Crew) -> list[bool]:
    return [member.core.unsealed is None for member in crew.members]


async def test_shares_given_to_different_workers_count_together(tmp_path: Path) -> None:
    async with crew_of(3, tmp_path) as crew:
        first, second, third = crew.members
        made = await first.core.initialize(5, 3)
        assert [await member.core.initialized() for member in crew.members] == [True] * 3
        assert sealed(crew) == [True] * 3
        await first.core.unseal(made.shares[0])
        status = await second.core.unseal(made.shares[1])
        assert (status.progress, status.sealed) == (2, True)
        assert await third.core.seal_status() == status
        assert (await third.core.unseal(made.shares[1])).progress == 2, "the same share again"
        assert (await third.core.unseal(made.shares[4])).sealed is False
        assert sealed(crew) == [False] * 3
        for member in crew.members:
            assert (await member.ask("GET", "auth/token/lookup-self", token=made.root_token))[0] == 200
        await second.core.seal()
        assert sealed(crew) == [True] * 3
        assert (await third.core.seal_status()).progress == 0


async def test_wrong_shares_and_resets_are_everybodys(tmp_path: Path) -> None:
    async with crew_of(2, tmp_path) as crew:
        first, second = crew.members
        made = await first.core.initialize(3, 2)
        await first.core.unseal(made.shares[0])
        await second.core.reset_unseal()
        assert (await first.core.seal_status()).progress == 0
        await first.core.unseal(made.shares[0])
        wrong = bytes(32) + made.shares[1][-1:]
        with pytest.raises(InvalidRequest, match="invalid key"):
            await second.core.unseal(wrong)
        assert (await first.core.seal_status()).progress == 0
        assert sealed(crew) == [True, True]
        with pytest.raises(InvalidRequest, match="shorter"):
            await first.core.unseal(b"short")
        await second.core.unseal(made.shares[1])
        assert (await first.core.unseal(made.shares[2])).sealed is False
        with pytest.raises(InvalidRequest, match="unsealed"):
            await second.core.reset_unseal()
        with pytest.raises(InvalidRequest, match="already initialized"):
            await second.core.initialize(1, 1)


async def test_many_shares_at_once(tmp_path: Path) -> None:
    async with crew_of(3, tmp_path) as crew:
        made = await crew.members[0].core.initialize(9, 7)
        given = [crew.members[number % 3].core.unseal(share) for number, share in enumerate(made.shares)]
        await asyncio.gather(*given)
        assert sealed(crew) == [False] * 3


async def test_a_worker_that_comes_later_is_as_the_others_are(tmp_path: Path) -> None:
    slots = SharedSlots(4)
    async with crew_of(2, tmp_path) as crew:
        made = await crew.members[0].core.initialize(2, 2)
        await crew.members[0].core.unseal(made.shares[0])
        late = await add_member(crew, tmp_path, SharedRevision(slots, 2))
        assert (await late.core.seal_status()).progress == 1
        await late.core.unseal(made.shares[1])
        assert sealed(crew) == [False] * 3
        later = await add_member(crew, tmp_path, SharedRevision(slots, 3))
        assert later.core.unsealed is not None
        assert later.core.stored_seal.key is not None, "whoever has no shares needs the key that they gave"


async def test_an_automatic_seal_opens_all_and_stays_sealed_when_told(tmp_path: Path) -> None:
    slots = SharedSlots(3)
    async with crew_of(2, tmp_path, automatic_seal) as crew:
        await crew.members[1].core.initialize(0, 0)
        assert sealed(crew) == [False, False]
        await crew.members[0].core.seal()
        assert sealed(crew) == [True, True]
        late = await add_member(crew, tmp_path, SharedRevision(slots, 2), automatic_seal)
        assert late.core.unsealed is None, "it was sealed by hand, and a new worker has to know"
    async with crew_of(2, tmp_path, automatic_seal) as again:
        assert sealed(again) == [False, False]


async def test_who_leaves_while_it_holds_the_state_holds_nobody_up(tmp_path: Path) -> None:
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        entered = asyncio.Event()

        async def hold() -> None:
            async with first.shared_state.changing():
                entered.set()
                await asyncio.Event().wait()

        holding = asyncio.create_task(hold())
        await entered.wait()
        sealing = asyncio.create_task(second.core.seal())
        await asyncio.sleep(0.01)
        assert not sealing.done()
        crew.keeper.leave(first)
        await asyncio.wait_for(sealing, 60)
        holding.cancel()
        await asyncio.sleep(0)
        holding.cancel()  # It waits for an answer that nobody gives any more.
        await asyncio.gather(holding, return_exceptions=True)


async def test_a_worker_that_cannot_follow_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with crew_of(2, tmp_path) as crew:
        first, second = crew.members
        made = await first.core.initialize(1, 1)

        async def fail(*_: object) -> None:
            raise OSError

        monkeypatch.setattr(second.core.runtime.barrier, "unseal", fail)
        await asyncio.wait_for(first.core.unseal(made.shares[0]), 60)
        assert (first.failed, second.failed) == (False, True)


async def test_cancelled_waiters_let_go_of_their_turn(tmp_path: Path) -> None:
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        async with first.shared_state.changing():
            waiting = [asyncio.create_task(second.core.seal()) for _ in range(3)]
            await asyncio.sleep(0.01)
            for task in waiting[:2]:
                task.cancel()
            await asyncio.gather(*waiting[:2], return_exceptions=True)
        await asyncio.wait_for(waiting[2], 60)
        assert sealed(crew) == [True, True]


async def test_only_one_worker_sweeps(tmp_path: Path) -> None:
    async with crew_of(3, tmp_path) as crew:
        await crew.unsealed()
        assert [await member.core.runtime.store.lead() for member in crew.members] == [True, False, False]
        leader = crew.members.pop(0)
        crew.keeper.leave(leader)
        await leader.core.stop()
        assert sorted([await member.core.runtime.store.lead() for member in crew.members]) == [False, True]
