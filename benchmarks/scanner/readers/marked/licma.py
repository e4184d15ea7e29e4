"""Test cases of LICMA for Python and Java: a list beside each file names the lines of its misuses.

Functions whose names begin with ``n_`` are sound, but for 1000 iterations of PBKDF2, which are few today.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files
from benchmarks.scanner.statements import statement_end

_CASES = "resources/test_cases"
_LIST = re.compile(r"(?P<name>TestRule(?P<rule>\d)c?)ExpectedMisuses\.csv")
_DEFINITE = "critical"
_ITERATIONS = "5"

_CLASSES = {
    "1": ("ecb-mode",),
    "2": ("static-iv", "nonce-reuse"),
    "3": ("hardcoded-key",),
    "4": ("static-salt",),
    _ITERATIONS: ("low-kdf-iterations",),
    "6": ("static-seed",),
}
_SOUND = re.compile(r"(?P<indent> *)def n_")


def read(copy: Path, scratch: Path) -> Labelled:
    """The misuses that are certain, and the sound functions of Python."""
    cases = [case for path in sorted((copy / _CASES).rglob("*.csv")) for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(listed: Path) -> Iterator[Case]:
    name = _LIST.fullmatch(listed.name)
    path = next((listed.with_name(f"{name['name']}{end}") for end in (".py", ".java") if name), listed)
    path = path if path.is_file() else path.with_suffix(".java")
    if name is None or not path.is_file():
        return
    accepted = _CLASSES[name["rule"]]
    lines = path.read_text(encoding="utf-8").splitlines()
    places: defaultdict[int, list[int]] = defaultdict(list)
    with listed.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            if row["Hit-Type"] == _DEFINITE:
                places[int(row["Misuse-Line"])].append(int(row["Parameter-Line"]))
    for call, values in places.items():
        found = [Place(path, number, statement_end(lines, number)) for number in (call, *values)]
        yield Case(accepted[0], True, tuple(found), frozenset(accepted))
    for first, line in enumerate(lines, start=1) if name["rule"] != _ITERATIONS else ():
        sound = _SOUND.match(line)
        if sound is not None:
            yield Case(accepted[0], False, (Place(path, first, _block_end(lines, first, sound["indent"])),))


def _block_end(lines: list[str], first: int, indent: str) -> int:
    """The last line of the block that line ``first`` begins."""
    last = first
    while last < len(lines) and (not lines[last].strip() or lines[last].startswith(f"{indent} ")):
        last += 1
    return last
