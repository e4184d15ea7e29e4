"""Counting requests in shared memory: windows, blocks, and that all processes count together."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.runtime.shared_counters import SharedRows
from server.tenants.limits.rate_limits import COLUMNS, ENTRIES, Limit, RateCounts, Taken

QUOTA = bytes(range(16))
NOW = 1_700_000_000_000


def _workers(number: int) -> list[RateCounts]:
    table = SharedRows(number, COLUMNS)
    return [RateCounts(table, own) for own in range(number)]


def test_a_window_opens_with_the_first_request_and_closes_after_the_interval() -> None:
    counts, limit = RateCounts(), Limit(2, 4000)
    assert counts.take(QUOTA, "a", limit, NOW) == Taken(True, 2, 1, 3)
    assert counts.take(QUOTA, "a", limit, NOW + 1200) == Taken(True, 2, 0, 2)
    assert counts.take(QUOTA, "a", limit, NOW + 2400) == Taken(False, 2, 0, 1, 1)
    assert counts.take(QUOTA, "a", limit, NOW + 3999) == Taken(False, 2, 0, 0, 0)
    assert counts.take(QUOTA, "a", limit, NOW + 4000) == Taken(True, 2, 1, 3)


def test_clients_and_quotas_are_counted_apart() -> None:
    counts, limit = RateCounts(), Limit(1, 1000)
    assert counts.take(QUOTA, "a", limit, NOW).allowed
    assert not counts.take(QUOTA, "a", limit, NOW).allowed
    assert counts.take(QUOTA, "b", limit, NOW).allowed
    assert counts.take(bytes(16), "a", limit, NOW).allowed


def test_who_goes_over_the_limit_is_blocked_for_longer() -> None:
    counts, limit = RateCounts(), Limit(1, 1000, block=5000)
    assert counts.take(QUOTA, "a", limit, NOW).allowed
    assert counts.take(QUOTA, "a", limit, NOW) == Taken(False, 1, 0, 0, 4)
    assert counts.take(QUOTA, "a", limit, NOW + 1500) == Taken(False, retry_seconds=3, blocked=True)
    assert counts.take(QUOTA, "a", limit, NOW + 4999) == Taken(False, retry_seconds=0, blocked=True)
    assert counts.take(QUOTA, "a", limit, NOW + 5000).allowed


def test_workers_count_together() -> None:
    first, second = _workers(2)
    limit = Limit(3, 1000, block=2000)
    assert [worker.take(QUOTA, "a", limit, NOW).remaining for worker in (first, second, first)] == [2, 1, 0]
    assert not second.take(QUOTA, "a", limit, NOW).allowed
    assert first.take(QUOTA, "a", limit, NOW + 1999).blocked
    assert first.take(QUOTA, "a", limit, NOW + 2000).allowed
    # The window that another worker has opened is the one that counts.
    assert second.take(QUOTA, "a", limit, NOW + 2500) == Taken(True, 3, 1, 0)


def test_a_clock_that_is_set_back_keeps_nobody_out_for_longer() -> None:
    counts, limit = RateCounts(), Limit(1, 1000, block=5000)
    assert counts.take(QUOTA, "a", limit, NOW).allowed
    assert not counts.take(QUOTA, "a", limit, NOW).allowed
    assert counts.take(QUOTA, "a", limit, NOW - 3_600_000).allowed


def test_ever_new_clients_take_no_more_memory_and_make_room_for_the_newest() -> None:
    counts, limit = RateCounts(), Limit(1, 1_000_000)
    for number in range(3 * ENTRIES):
        assert counts.take(QUOTA, f"client {number}", limit, NOW + number).allowed
    last = f"client {3 * ENTRIES - 1}"
    assert not counts.take(QUOTA, last, limit, NOW + 3 * ENTRIES).allowed


def test_forked_processes_see_each_other() -> None:
    first, second = _workers(2)
    limit = Limit(2, 1_000_000)
    assert first.take(QUOTA, "a", limit, NOW).allowed
    child = os.fork()
    if child == 0:
        os._exit(0 if second.take(QUOTA, "a", limit, NOW).allowed else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not first.take(QUOTA, "a", limit, NOW).allowed


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.integers(0, 700)), max_size=60),
)
def test_no_window_ever_holds_more_than_the_limit(requests: int, asked: list[tuple[int, str, int]]) -> None:
    workers, limit, now = _workers(3), Limit(requests, 1000), NOW
    allowed: dict[str, list[int]] = {"a": [], "b": []}
    opened: dict[str, int] = {}
    for worker, client, pause in asked:
        now += pause
        if now >= opened.get(client, 0) + 1000:
            opened[client] = now
            allowed[client] = []
        taken = workers[worker].take(QUOTA, client, limit, now)
        assert taken.allowed == (len(allowed[client]) < requests)
        if taken.allowed:
            allowed[client].append(now)
            assert taken.remaining == requests - len(allowed[client])


def test_a_table_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        RateCounts(SharedRows(1, COLUMNS + 1))
    with pytest.raises(ValueError, match="no table"):
        SharedRows(0, 1)
