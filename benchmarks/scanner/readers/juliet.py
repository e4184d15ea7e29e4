"""Cases of both Juliet suites: each is spread over functions, in one file or in several with a letter each.

A case is all of its functions that are bad, or all that are good, in all of its files: where data flows from one file
to the next, the flaw may be reported in either.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Place

Functions = Callable[[Path], Iterator[tuple[bool, Place]]]
"""The functions of a file: whether it is bad, and its lines."""

_CASE = re.compile(r"^(?P<name>CWE\d+_.+?_\d\d)[a-z]?(?:_.*)?$")


def cases(folder: Path, suffixes: frozenset[str], accepted: tuple[str, ...], functions: Functions) -> Iterator[Case]:
    """The bad and the good side of each case in ``folder``."""
    sides: defaultdict[tuple[str, bool], list[Place]] = defaultdict(list)
    for path in sorted(folder.rglob("CWE*")):
        named = _CASE.match(path.stem)
        if path.suffix not in suffixes or named is None:
            continue
        for bad, place in functions(path):
            sides[named["name"], bad].append(place)
    for (_, bad), places in sides.items():
        yield Case(accepted[0], bad, tuple(places), frozenset(accepted))


def side_of(name: str) -> bool | None:
    """Whether a function or file of that name is bad, or None if its name says neither."""
    folded = name.casefold()
    if "bad" in folded:
        return True
    return False if "good" in folded else None
