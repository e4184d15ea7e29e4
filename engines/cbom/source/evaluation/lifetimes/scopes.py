"""Scopes: values by name, and a journal of the changes of a branch.

A branch is run with a journal of what its assignments replace. So joining the arms of a branch costs as much as they
changed, not as much as the scope holds, and a function of ten thousand variables and branches takes linear time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.cbom.source.values import NOTHING, Class, Closure, Values, union


@dataclass(slots=True, eq=False)
class Source:
    """The file of a scope: its path as it is told, and its language."""

    path: str
    language: str
    package: str = ""
    asks_types: bool = False
    """Whether calls of libraries get members of its objects, whose types are of interest then."""

    wildcards: list[str] = field(default_factory=list)
    """Modules all of whose members are imported."""

    reassigned: frozenset[str] = frozenset()
    """Names of variables that get another value than their first one anywhere in the file."""

    asks_of_leaks: bool = False
    """Whether the file asks Have I Been Pwned for passwords, by the SHA-1 that its interface needs."""

    answers_challenges: bool = False
    """Whether a file of C speaks of challenges, whose answer is a hash of a password and of more, piece by piece."""

    parts: frozenset[str] = frozenset()
    """The findings that are none in a file of C, because it offers only parts of what others make of them."""

    has_switches: bool = False
    """Whether the file may have settings that turn checks off, by words in it."""

    test: bool = False
    """Whether the file is a test, by what it calls."""

    called: dict[str, str] = field(default_factory=dict)
    """What the libraries are called that the file imports in place of others, by the beginnings of their names."""

    outside: dict[tuple[str, int], Values] = field(default_factory=dict)
    """What names are that the file doesn't define, each with the number of wildcards when it was looked up."""


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, class or function. ``parent`` is the one around it."""

    source: Source
    parent: Scope | None = None
    names: dict[str, Values] = field(default_factory=dict)
    is_function: bool = False
    is_class: bool = False
    name: str = ""
    """The name of a class."""

    of: Class | None = None
    """The class whose members the names are."""

    site: Any = None
    """The place of the call that gives a generic function its types."""

    function: Any = None
    """The function that the scope is of."""

    journals: list[dict[str, Values]] = field(default_factory=list)
    made: list[Closure] = field(default_factory=list)
    """The functions of a file, in the scope of the file."""

    heirs: list[Class] = field(default_factory=list)
    """Classes of a file that have others above them."""

    def find(self, name: str) -> Scope | None:
        """The innermost scope that has ``name``."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return None

    def set(self, name: str, values: Values) -> None:
        """Replace the value of ``name`` in this scope."""
        if self.journals:
            self.journals[-1].setdefault(name, self.names.get(name, NOTHING))
        self.names[name] = values

    def add(self, name: str, values: Values) -> None:
        """Add to the values of ``name`` in this scope."""
        self.set(name, union((self.names.get(name, NOTHING), values)))

    def begin(self) -> None:
        """Start to journal: what is set from now on can be taken back."""
        self.journals.append({})

    def take_back(self) -> dict[str, Values]:
        """Undo all since ``begin``; returns the values that were set."""
        replaced = self.journals.pop()
        changed = {name: self.names[name] for name in replaced}
        for name, values in replaced.items():
            if values:
                self.names[name] = values
            else:
                del self.names[name]
        return changed

    def join(self, arms: list[dict[str, Values]], *, none_ran: bool) -> None:
        """Set what ``arms`` changed, of which one ran, or none if ``none_ran`` may be."""
        found: dict[str, list[Values]] = {}
        unchanged: dict[str, int] = {}
        for position, arm in enumerate(arms):  # Each arm is looked at for its own names alone: many may have few each.
            for name, values in arm.items():
                joined = found.setdefault(name, [])
                if len(joined) < position:
                    unchanged.setdefault(name, len(joined))
                joined.append(values)
        for name, joined in found.items():
            before = self.names.get(name, NOTHING)
            if len(joined) < len(arms):
                joined.insert(unchanged.get(name, len(joined)), before)
            self.set(name, union([before, *joined] if none_ran else joined))


def note_literals(of: Class, fields: Mapping[str, Values], *, tests: bool) -> None:
    """Note what a literal gives to fields of a class, unless a marked test runs: the program isn't given that."""
    for name, values in fields.items() if not tests else ():
        of.literals[name] = union((of.literals.get(name, NOTHING), values))
