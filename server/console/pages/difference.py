"""Difference of two texts, line by line: what an edit takes away and what it adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

KEPT, REMOVED, ADDED = "kept", "removed", "added"

_MAX_MATCHED = 20_000
"""The largest product of the numbers of lines that are matched singly, since that takes more than quadratic time."""

_CONTEXT_LINES = 3
_MAX_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and whether it was kept, removed or added; between lines that are apart, an ellipsis."""

    state: str
    text: str


def difference(old: str, new: str) -> list[Line]:
    """The lines of an edit with some around it, at most ``_MAX_SHOWN``; empty if both texts are the same."""
    lines = list(_compared(old.splitlines(), new.splitlines()))
    near = set[int]()
    for index, line in enumerate(lines):
        if line.state != KEPT:
            near.update(range(index - _CONTEXT_LINES, index + _CONTEXT_LINES + 1))
    return list(islice(_gathered(lines, near), _MAX_SHOWN))


def _gathered(lines: Sequence[Line], near: set[int]) -> Iterator[Line]:
    last = -1
    for index in sorted(near):
        if not 0 <= index < len(lines):
            continue
        if index != last + 1:
            yield Line(KEPT, "…")
        yield lines[index]
        last = index


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """All lines of both texts; what they begin and end with alike is left out of the matching."""
    shorter = min(len(old), len(new))
    begin = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    rest = shorter - begin
    end = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    yield from (Line(KEPT, text) for text in old[:begin])
    yield from _matched(old[begin : len(old) - end], new[begin : len(new) - end])
    yield from (Line(KEPT, text) for text in old[len(old) - end :])


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if len(old) * len(new) > _MAX_MATCHED:
        yield from (Line(REMOVED, text) for text in old)
        yield from (Line(ADDED, text) for text in new)
        return
    for tag, first, last, other_first, other_last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Line(KEPT, text) for text in old[first:last])
        else:
            yield from (Line(REMOVED, text) for text in old[first:last])
            yield from (Line(ADDED, text) for text in new[other_first:other_last])
