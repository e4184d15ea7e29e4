"""OWASP Benchmark: one test a file, and a table of which of them are really vulnerable."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, UnreadableCorpus, checked

_ACCEPTED = {
    "crypto": ("weak-cipher", frozenset({"weak-cipher", "ecb-mode"})),
    "hash": ("weak-hash", frozenset({"weak-hash"})),
    "weakrand": ("weak-random", frozenset({"weak-random"})),
}
"""By category: the class to report under, and those that count."""


def read_java(copy: Path, scratch: Path) -> Labelled:
    """The Java edition. Its tests read algorithms from a properties file among the resources."""
    tests = copy / "src/main/java/org/owasp/benchmark/testcode"
    return checked(tests, _cases(copy / "expectedresults-1.2.csv", tests, ".java"), copy / "src/main")


def read_python(copy: Path, scratch: Path) -> Labelled:
    """The Python edition."""
    tests = copy / "testcode"
    return checked(tests, _cases(copy / "expectedresults-0.1.csv", tests, ".py"), tests, copy / "helpers")


def _cases(table: Path, tests: Path, suffix: str) -> Iterator[Case]:
    if not table.is_file():
        raise UnreadableCorpus(f"{table} is missing")
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            if len(row) < 3 or row[1] not in _ACCEPTED:
                continue
            finding, accepted = _ACCEPTED[row[1]]
            yield Case(finding, row[2] == "true", (Place(tests / f"{row[0]}{suffix}"),), accepted)
