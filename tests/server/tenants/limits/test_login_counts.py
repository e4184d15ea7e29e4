"""Counts of failed logins in shared memory: that all processes count together, and what a flood of names does."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.tenants.limits import login_failures, login_limits
from server.tenants.limits.login_failures import LoginFailures, LoginFailureTables
from server.tenants.limits.login_limits import LoginLimits, LoginLimitTables

NOW = 1_700_000_000.0
ALICE = ("root", "auth_m_1", "alice")


def failing(processes: int) -> list[LoginFailures]:
    tables = LoginFailureTables(processes)
    return [LoginFailures(tables, own) for own in range(processes)]


def limited(processes: int, per_minute: int) -> list[LoginLimits]:
    tables = LoginLimitTables(processes)
    return [LoginLimits(per_minute, tables, own) for own in range(processes)]


def fail(process: LoginFailures, now: float = NOW, account: tuple[str, str, str] = ALICE, reset: int = 900) -> bool:
    """A wrong proof where the fifth locks for 300 seconds."""
    return process.failed(account, 5, reset, 300, now)


def test_processes_count_an_accounts_failures_together() -> None:
    workers = failing(4)
    assert [fail(workers[number % 4]) for number in range(4)] == [False] * 4
    assert not any(worker.locked(ALICE, NOW) for worker in workers)
    assert fail(workers[1])
    assert all(worker.locked(ALICE, NOW + 299) for worker in workers)
    assert not any(fail(worker, NOW + 100) for worker in workers), "a lock comes once, and grows no longer"
    assert not any(worker.locked(ALICE, NOW + 300) for worker in workers)
    assert [fail(workers[number % 4], NOW + 300) for number in range(5)] == [False] * 4 + [True]


@pytest.mark.parametrize("reset", [100, 3600])
def test_a_lock_lasts_as_long_as_it_is_to_whatever_is_to_be_forgotten_when(reset: int) -> None:
    one, other = failing(2)
    for worker in (one, one, other, other):
        assert not fail(worker, reset=reset)
    assert fail(one, reset=reset)
    assert other.locked(ALICE, NOW + 299)
    assert not other.locked(ALICE, NOW + 300)


def test_a_right_proof_anywhere_ends_the_count() -> None:
    workers = failing(3)
    for _ in range(3):
        for number in range(4):
            assert not fail(workers[number % 3])
        workers[2].forget(ALICE)
    for number in range(5):
        assert fail(workers[number % 3]) is (number == 4)
    workers[0].forget(ALICE)
    assert not any(worker.locked(ALICE, NOW) for worker in workers)


def test_failures_are_forgotten_after_the_last_of_them() -> None:
    one, other = failing(2)
    for number in range(20):
        assert not fail(one if number % 2 else other, NOW + 901 * (number // 4))
    assert not fail(one, NOW), "a clock that was set back far begins anew"


def test_accounts_are_counted_apart() -> None:
    (one,) = failing(1)
    for account in (ALICE, ("root", "auth_m_1", "bob"), ("root", "auth_m_2", "alice"), ("ns", "auth_m_1", "alice")):
        for _ in range(4):
            assert not fail(one, account=account)
    assert fail(one)


@given(st.lists(st.sampled_from(["0", "1", "2", "right"]), max_size=40))
def test_several_processes_are_as_one(steps: Sequence[str]) -> None:
    workers, alone = failing(3), failing(1)[0]
    for number, step in enumerate(steps):
        now = NOW + number
        if step == "right":
            workers[number % 3].forget(ALICE)
            alone.forget(ALICE)
        else:
            assert fail(workers[int(step)], now) == fail(alone, now)
        assert {worker.locked(ALICE, now) for worker in workers} == {alone.locked(ALICE, now)}


def test_a_flood_of_names_does_not_take_the_place_of_one_under_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_failures, "ENTRIES", 64)
    (one,) = failing(1)
    assert not fail(one)
    for _ in range(3):
        assert not fail(one)
        for number in range(1000):
            assert not fail(one, NOW + 1, ("root", "auth_m_1", f"name{number}"))
    assert fail(one, NOW + 2)


def test_names_whose_failures_are_forgotten_make_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_failures, "ENTRIES", 8)
    (one,) = failing(1)
    for number in range(8):
        for _ in range(4):
            assert not fail(one, NOW, ("root", "auth_m_1", f"name{number}"))
    later = NOW + 1000
    for number in range(8):
        for count in range(5):
            assert fail(one, later, ("root", "auth_m_1", f"other{number}")) is (count == 4)


def test_an_addresss_failures_add_up_over_processes() -> None:
    workers = limited(4, 6)
    for number in range(6):
        assert workers[number % 4].begin("10.0.0.1", NOW) == 0
        workers[number % 4].end("10.0.0.1", NOW, failed=True)
    assert [worker.begin("10.0.0.1", NOW) for worker in workers] == [10] * 4
    assert workers[3].begin("::ffff:10.0.0.1", NOW + 5) == 5
    assert workers[0].begin("10.0.0.2", NOW) == 0
    assert workers[3].begin("10.0.0.1", NOW - 100) == 10, "a clock that goes back frees nobody"
    assert workers[1].begin("10.0.0.1", NOW + 10) == 0
    workers[1].end("10.0.0.1", NOW + 10, failed=True)
    assert workers[2].begin("10.0.0.1", NOW + 10) == 10, "and only one more has leaked out"


def test_what_is_under_way_takes_a_place_until_it_ends() -> None:
    workers = limited(3, 6)
    for number in range(6):
        assert workers[number % 3].begin("10.0.0.1", NOW) == 0
    assert [worker.begin("10.0.0.1", NOW) for worker in workers] == [1] * 3
    for number in range(6):
        workers[number % 3].end("10.0.0.1", NOW, failed=False)
    assert workers[0].begin("10.0.0.1", NOW) == 0


def test_what_a_process_was_busy_with_has_gone_with_it() -> None:
    tables = LoginLimitTables(2)
    other, lost = LoginLimits(2, tables, 0), LoginLimits(2, tables, 1)
    assert lost.begin("10.0.0.1", NOW) == lost.begin("10.0.0.1", NOW) == 0
    assert other.begin("10.0.0.1", NOW) == 1
    replaced = LoginLimits(2, tables, 1)
    assert other.begin("10.0.0.1", NOW) == replaced.begin("10.0.0.1", NOW) == 0
    assert other.begin("10.0.0.1", NOW) == 1
    other.end("10.0.0.1", NOW, failed=True)
    replaced.end("10.0.0.1", NOW, failed=True)
    assert LoginLimits(2, tables, 1).begin("10.0.0.1", NOW) == 30, "what has failed stays counted"


def test_there_need_be_no_limit() -> None:
    (one,) = limited(1, 0)
    for _ in range(1_000):
        assert one.begin("10.0.0.1", NOW) == 0
        one.end("10.0.0.1", NOW, failed=True)


def test_a_flood_of_addresses_does_not_empty_a_full_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_limits, "ENTRIES", 64)
    (one,) = limited(1, 3)
    for _ in range(3):
        assert one.begin("10.0.0.1", NOW) == 0
        one.end("10.0.0.1", NOW, failed=True)
    for number in range(10_000):
        address = f"10.{1 + number // 256}.{number % 256}.1"
        if one.begin(address, NOW) == 0:
            one.end(address, NOW, failed=True)
    assert one.begin("10.0.0.1", NOW) > 0


def test_forked_processes_see_each_other() -> None:
    one, other = failing(2)
    first, second = limited(2, 1)
    child = os.fork()
    if child == 0:
        for _ in range(4):
            fail(other)
        second.begin("10.0.0.1", NOW)
        second.end("10.0.0.1", NOW, failed=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert fail(one)
    assert first.begin("10.0.0.1", NOW) == 60
