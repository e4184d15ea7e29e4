"""Precision and recall: what the scanner found, held against the cases of a corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scanner.cases import Case, Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of the scanner: its class, its lines, and the algorithm if it names one."""

    finding: str
    place: Place
    algorithm: str | None = None


@dataclass(slots=True)
class Score:
    """Cases by outcome. A sound place where the scanner finds nothing counts in neither figure."""

    found: int = 0
    missed: list[Case] = field(default_factory=list)
    wrong: list[Case] = field(default_factory=list)

    @property
    def weak(self) -> int:
        """The number of places that the corpus expects a finding in."""
        return self.found + len(self.missed)

    @property
    def recall(self) -> float | None:
        """The part of expected findings that were made, or None where none is expected."""
        return self.found / self.weak if self.weak else None

    @property
    def precision(self) -> float | None:
        """The part of findings that are right, of those that fell in labelled places, or None if none did."""
        made = self.found + len(self.wrong)
        return self.found / made if made else None

    def add(self, other: Score) -> None:
        """Count the cases of ``other`` here too."""
        self.found += other.found
        self.missed += other.missed
        self.wrong += other.wrong


Scores = dict[tuple[str, str], Score]
"""By language and class of findings."""


def score(cases: Iterable[Case], findings: Iterable[Finding]) -> Scores:
    """How ``findings`` meet ``cases``, by language and class."""
    by_path: defaultdict[Path, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_path[finding.place.path].append(finding)
    scores: Scores = defaultdict(Score)
    for case in cases:
        row = scores[case.language, case.finding]
        hit = _is_hit(case, by_path)
        if case.expected and hit:
            row.found += 1
        elif case.expected:
            row.missed.append(case)
        elif hit:
            row.wrong.append(case)
    return dict(scores)


def add_scores(parts: Sequence[Scores]) -> Scores:
    """All parts in one."""
    total: Scores = defaultdict(Score)
    for part in parts:
        for key, row in part.items():
            total[key].add(row)
    return dict(total)


def _is_hit(case: Case, by_path: Mapping[Path, Sequence[Finding]]) -> bool:
    return any(
        finding.finding in case.accepted
        and finding.place.first <= place.last
        and place.first <= finding.place.last
        and (case.algorithm is None or _plain(case.algorithm) in _plain(finding.algorithm or ""))
        for place in case.places
        for finding in by_path.get(place.path, ())
    )


def _plain(name: str) -> str:
    """An algorithm's name without case and separators: corpora spell SHA-1 as SHA1 and sha1."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
