"""Conditional results: what they depend on, and the decision once all files have been judged.

A function of a library's wrapper encrypts, and its callers compute the MAC. These may stand in a file that another
process judges, so such a result is decided by what all of them have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.cbom.source.evaluation.sightings import Place
from engines.cbom.source.judging.results import Result
from engines.cbom.source.values import Class

_MAX_CALLERS = 16
"""The most callers of a function that are looked at for an assurance."""

Running = frozenset[tuple[str, int]]
"""The functions and types that were running, each by its name and line: what is equal in all processes."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A result to which there is nothing to object if ``unless`` is assured where it was seen."""

    result: Result
    unless: str
    within: frozenset[object]
    """The functions and classes of the program that were running, or the file if none was."""

    library: str = ""
    """The path of the file whose functions assure it too, as ``Sighting.library``."""


@dataclass(slots=True)
class Undecided:
    """A result that another file may excuse."""

    result: Result
    place: Place
    running: Running
    library: str
    """The path of the file whose functions excuse it too; "" if none does."""


@dataclass(slots=True)
class Conditions:
    """Undecided results, and what excuses them."""

    undecided: list[Undecided] = field(default_factory=list)
    callers: dict[Place, set[Running]] = field(default_factory=dict)
    """Where an assurance was given: what was running, by the place of the result."""

    assuring: set[str] = field(default_factory=set)
    """The paths of files that offer what assures it."""

    def excuse(self, place: Place, running: Running) -> None:
        """Note that what was ``running`` gives the assurance."""
        known = self.callers.setdefault(place, set())
        if len(known) < _MAX_CALLERS:
            known.add(running)

    def add(self, other: Conditions) -> None:
        """Add those of other files."""
        self.undecided += other.undecided
        self.assuring |= other.assuring
        for place, several in other.callers.items():
            for running in several:
                self.excuse(place, running)

    def remaining(self) -> Iterator[Result]:
        """The results that nothing excuses.

        A function that may be called from outside is also run by itself: what its callers assure holds for it then.
        """
        for each in self.undecided:
            excused = any(each.running < caller for caller in self.callers.get(each.place, ()))
            if not excused and each.library not in self.assuring:
                yield each.result


def running_of(within: frozenset[object]) -> Running:
    """What was running, as other processes call it too."""
    nodes = (each.node if isinstance(each, Class) else each for each in within)
    return frozenset(
        (getattr(each, "name", "") or getattr(each, "path", ""), getattr(each, "line", 0)) for each in nodes
    )
