"""Counts under names that turn up while the server runs."""

from __future__ import annotations

from server.runtime.named_counts import COLUMNS, MAX_NAME_BYTES, MAX_NAMES, NamedCounts
from server.runtime.shared_counters import SharedRows

OTHERS = ("*", "*")


def test_the_counts_of_all_processes_are_summed_up_and_a_successor_goes_on() -> None:
    table = SharedRows(2, COLUMNS)
    first, second = NamedCounts(OTHERS, table, 0), NamedCounts(OTHERS, table, 1)
    first.add(("", "transit/"))
    second.add(("n/", "transit/"), 2)
    second.add(("", "transit/"), 3)
    assert first.totals() == {("", "transit/"): 1}
    second.share()
    assert first.totals() == {("", "transit/"): 4, ("n/", "transit/"): 2}
    second = NamedCounts(OTHERS, table, 1)
    second.add(("", "transit/"))
    assert second.totals() == {("", "transit/"): 5, ("n/", "transit/"): 2}


def test_there_are_so_many_names_and_no_more() -> None:
    counts = NamedCounts(OTHERS)
    for number in range(MAX_NAMES + 3):
        counts.add(("", f"{number}/"))
        counts.add(("", f"{number}/"))
    totals = counts.totals()
    assert len(totals) == MAX_NAMES + 1
    assert totals.pop(OTHERS) == 6
    assert set(totals.values()) == {2}


def test_a_name_may_be_of_any_kind_but_not_of_any_length() -> None:
    counts = NamedCounts(OTHERS)
    fits = "\N{GREEK SMALL LETTER ALPHA}" * ((MAX_NAME_BYTES - 2) // 2) + "a"
    for name in (fits, fits + "b", "", "é" * 7):
        counts.add((name, ""))
    assert counts.totals() == {("", ""): 1, (fits, ""): 1, ("é" * 7, ""): 1, OTHERS: 1}
