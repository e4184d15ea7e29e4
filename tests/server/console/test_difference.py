"""Differences of texts: what is added to one and taken from it gives the other, whatever they are."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from server.console.pages.difference import ADDED, KEPT, REMOVED, difference

_TEXTS = st.lists(st.sampled_from(["a", "b", "}", ""]), max_size=8).map("\n".join)


@given(_TEXTS, _TEXTS)
def test_both_texts_are_in_a_difference(old: str, new: str) -> None:
    lines = [line for line in difference(old, new) if line.text != "…"]
    assert bool(lines) == (old.splitlines() != new.splitlines())
    removed = [line.text for line in lines if line.state != ADDED]
    added = [line.text for line in lines if line.state != REMOVED]
    assert len(added) - len(removed) == (len(new.splitlines()) - len(old.splitlines()) if lines else 0)
    assert _is_part(removed, old.splitlines()) and _is_part(added, new.splitlines())


def _is_part(lines: list[str], text: list[str]) -> bool:
    """Whether ``lines`` come in ``text`` in this order."""
    left = iter(text)
    return all(line in left for line in lines)


def test_lines_far_from_the_edit_are_left_out() -> None:
    old = [f"line {number}" for number in range(100)]
    new = [*old[:50], "edited", *old[51:]]
    found = difference("\n".join(old), "\n".join(new))
    assert [line.text for line in found if line.state != KEPT] == ["line 50", "edited"]
    assert found[0].text == "…" and len(found) == 9


def test_long_texts_cost_little() -> None:
    begun = time.process_time()
    for old, new in (
        ("}\n" * 50_000, "{\n" * 50_000),
        ("ab\n" * 70, "ba\nab\n" * 140),
        ("x\n" * 100_000, "x\n" * 99_999),
    ):
        assert len(difference(old, new)) <= 500
    assert time.process_time() - begun < 2
