"""Report of a scan: its results, classified by suppressions, a baseline and changed lines."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.cbom.source.files.discovery import Problem
from engines.cbom.source.judging.results import Result
from engines.cbom.source.words import USE

LEVELS = ("note", "warning", "error")
"""SARIF's levels, the least first."""

UNKNOWN = "unknown"
"""The algorithm of a place that names none, and of a library that has several."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A result in its report."""

    result: Result
    fingerprint: str
    """The same as long as the line's text, its file and what is found there are."""

    known: bool = False
    """Whether the baseline has it."""

    @property
    def counts(self) -> bool:
        """Whether the gate looks at it."""
        return not self.known and not self.result.suppressed and self.result.finding != USE


@dataclass(slots=True)
class Report:
    """All entries, and what there is to say beside them."""

    entries: list[Entry]
    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    archives: int = 0
    suppressions_without_reason: int = 0
    advisories: str = ""
    """Sources and age of the advisories, if lock files were read."""

    def failing(self, gate: Collection[str]) -> list[Entry]:
        """The entries at or above the gate: classes of findings, or the least level."""
        least = min((LEVELS.index(word) for word in gate if word in LEVELS), default=len(LEVELS))
        return [
            entry
            for entry in self.entries
            if entry.counts and (entry.result.finding in gate or LEVELS.index(entry.result.level) >= least)
        ]


def entries_of(results: list[Result], baseline: Collection[str]) -> list[Entry]:
    """``results`` with their fingerprints; ``baseline`` has those of an earlier report."""
    seen: Counter[str] = Counter()
    found = []
    for result in results:
        text = " ".join(result.text.split())
        content = "\0".join((path_text(result.place.path), result.finding, result.algorithm, result.mode, text))
        content += "\0".join(("", *result.dependency.advisories)) if result.dependency else ""
        seen[content] += 1
        fingerprint = hashlib.sha256(f"{content}\0{seen[content]}".encode()).hexdigest()[:32]
        found.append(Entry(result, fingerprint, fingerprint in baseline))
    return found


def path_text(path: str) -> str:
    """``path`` as text: bytes of a name that isn't UTF-8 are escaped."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def on_lines(results: list[Result], changed: Mapping[str, Collection[int]]) -> list[Result]:
    """The results of which a line has changed, by path: of calls and of entries in lock files, which have several."""
    return [result for result in results if _is_on(result, changed.get(result.place.path, ()))]


def _is_on(result: Result, lines: Collection[int]) -> bool:
    last = result.dependency.last_line if result.dependency else result.place.end_line
    return any(line in lines for line in range(result.place.line, last + 1))


def properties_of(result: Result) -> dict[str, Any]:
    """What is known of a result beside its place, by the names of the command's interface."""
    found: dict[str, Any] = {
        "finding": result.finding,
        "algorithm": result.algorithm or UNKNOWN,
        "primitive": result.primitive,
        "mode": result.mode,
        "padding": result.padding,
        "key_bits": result.key_bits,
        "curve": result.curve,
        "library": result.library,
    }
    if result.dependency is not None:
        dependency = result.dependency
        found |= {"purl": dependency.purl, "advisories": dependency.advisories, "fixed": dependency.fixed}
        found |= {} if dependency.direct is None else {"direct": "yes" if dependency.direct else "no"}
    return {name: value for name, value in found.items() if value}
