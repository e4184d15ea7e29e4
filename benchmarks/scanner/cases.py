"""Labelled places of a corpus, in the scanner's own classes of findings.

A corpus says of a place that it is weak, or that it is sound. Either is a case. A case is about one class of findings:
what else the scanner says of the place counts neither for nor against it, because the corpus says nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

LANGUAGES = {
    ".py": "Python",
    ".js": "JavaScript",
    ".mjs": "JavaScript",
    ".jsx": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".java": "Java",
    ".go": "Go",
    ".rs": "Rust",
    ".c": "C and C++",
    ".h": "C and C++",
    ".cpp": "C and C++",
    ".cc": "C and C++",
}
"""The language of a source file, by its suffix."""

USE = "use"
"""The class of findings that only say what is used."""

_LAST_LINE = 1 << 30


@dataclass(frozen=True, slots=True)
class Place:
    """Lines ``first`` to ``last`` of a file, both included and counted from 1."""

    path: Path
    first: int = 1
    last: int = _LAST_LINE


@dataclass(frozen=True, slots=True)
class Case:
    """A statement on ``places``: that a finding of one of ``accepted`` is right there, or wrong.

    ``finding`` is the class under which the case is reported. With ``algorithm``, findings of others don't count.
    """

    finding: str
    expected: bool
    places: tuple[Place, ...]
    accepted: frozenset[str] = frozenset()
    algorithm: str | None = None

    def __post_init__(self) -> None:
        if not self.accepted:
            object.__setattr__(self, "accepted", frozenset({self.finding}))

    @property
    def language(self) -> str:
        """The language of the first place's file."""
        return LANGUAGES.get(self.places[0].path.suffix, "other")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A corpus as it is scanned: files and folders, and the cases in them. All paths are absolute."""

    scanned: tuple[Path, ...]
    cases: tuple[Case, ...] = field(default=())


Reader: TypeAlias = Callable[[Path, Path], Labelled]
"""Reads the copy of a corpus in the first folder. What has to be unpacked to be scanned goes into the second one.

Raises ``UnreadableCorpus`` where the copy isn't what the reader knows.
"""


class UnreadableCorpus(Exception):
    """A copy lacks its labels, or they have another form than those of the commit that is listed."""


def source_files(folder: Path) -> Iterator[Path]:
    """The source files below ``folder``, in the order of their paths."""
    return (path for path in sorted(folder.rglob("*")) if path.suffix in LANGUAGES and path.is_file())


def checked(folder: Path, cases: Iterable[Case], *scanned: Path) -> Labelled:
    """``cases`` with what is scanned for them, else ``folder``. Raises ``UnreadableCorpus`` if there are no cases."""
    listed = tuple(cases)
    if not listed:
        raise UnreadableCorpus(f"no labels were found in {folder}")
    return Labelled(scanned or (folder,), listed)


def checked_files(copy: Path, cases: Iterable[Case]) -> Labelled:
    """As ``checked``, where nothing is scanned but the files that the cases name."""
    listed = tuple(cases)
    return checked(copy, listed, *sorted({place.path for case in listed for place in case.places}))


def classes_of(rule: str, table: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """The classes of the first pattern in ``table`` that is the whole name ``rule``; none if it has none."""
    return next((classes for pattern, classes in table if re.fullmatch(pattern, rule)), ())
