"""Juliet for Java: cases by weakness, bad and good methods in each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked
from benchmarks.scanner.readers import juliet

_TESTS = "src/testcases"
_METHOD = re.compile(r"^    (?:\w+ )+(?P<name>\w+)\(")
_METHOD_END = "    }"
_CLASSES = {
    "CWE321_Hard_Coded_Cryptographic_Key": ("hardcoded-key",),
    "CWE327_Use_Broken_Crypto": ("weak-cipher",),
    "CWE328_Reversible_One_Way_Hash": ("weak-hash",),
    "CWE329_Not_Using_Random_IV_with_CBC_Mode": ("static-iv",),
    "CWE336_Same_Seed_in_PRNG": ("static-seed",),
    "CWE338_Weak_PRNG": ("weak-random",),
    "CWE760_Predictable_Salt_One_Way_Hash": ("weak-random", "static-salt"),
}
"""By folder: the classes that count, the first of them to report under.

A missing salt (CWE 759) and a missing step (CWE 325) have no class.
"""


def read(copy: Path, scratch: Path) -> Labelled:
    """The weaknesses of cryptography."""
    return checked(copy / _TESTS, _cases(copy / _TESTS), *(copy / _TESTS / name for name in _CLASSES))


def _cases(tests: Path) -> Iterator[Case]:
    for name, accepted in _CLASSES.items():
        yield from juliet.cases(tests / name, frozenset({".java"}), accepted, _functions)


def _functions(path: Path) -> Iterator[tuple[bool, Place]]:
    side = juliet.side_of(path.stem)
    if side is not None:
        yield side, Place(path)
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begun: tuple[bool, int] | None = None
    for number, line in enumerate(lines, start=1):
        declared = _METHOD.match(line)
        if declared:
            side = juliet.side_of(declared["name"])
            begun = None if side is None else (side, number)
        elif line == _METHOD_END and begun:
            yield begun[0], Place(path, begun[1], number)
            begun = None
