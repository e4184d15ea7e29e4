"""Extents of statements, for labels that only name a line of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OPEN, _CLOSED = "([{", ")]}"
_LONGEST = 40
_OBJECT = ("({", ", {")
"""The end of a line that begins an argument of several lines."""

_DECLARATION = re.compile(r"\bclass\b|\bnew\b.*\)\s*\{$")
"""A line that begins a class, all of which a label may be about."""


def statement_end(lines: Sequence[str], first: int) -> int:
    """The number of the line where brackets opened since line ``first`` are closed again, ``first`` if there are none.

    Lines that begin with the call of a method go on with those before. They are counted from 1. Brackets in strings and
    comments are counted too, so the search ends after 40 lines.
    """
    depth = 0
    for number in range(first, min(len(lines), first + _LONGEST) + 1):
        line = lines[number - 1]
        depth += sum(line.count(bracket) for bracket in _OPEN) - sum(line.count(bracket) for bracket in _CLOSED)
        if depth <= 0 and not _continues(lines, number):
            return number
        if line.rstrip().endswith("{") and not line.rstrip().endswith(_OBJECT) and _DECLARATION.search(line) is None:
            return number
    return first


def _continues(lines: Sequence[str], number: int) -> bool:
    """Whether a chain of methods goes on in the line behind ``number``."""
    return number < len(lines) and lines[number].lstrip().startswith((".", "?."))
