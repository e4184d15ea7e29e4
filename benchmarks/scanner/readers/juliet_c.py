"""Juliet for C and C++: cases by weakness; conditional compilation separates the bad from the good functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked
from benchmarks.scanner.readers import juliet

_TESTS = "testcases"
_SUFFIXES = frozenset({".c", ".cpp"})
_BEGIN = re.compile(r"^#ifndef OMIT(BAD|GOOD)\b")
_END = re.compile(r"^#endif /\* OMIT(BAD|GOOD) \*/")
_CLASSES = {
    "CWE321_Hard_Coded_Cryptographic_Key": ("hardcoded-key",),
    "CWE327_Use_Broken_Crypto": ("weak-cipher",),
    "CWE328_Reversible_One_Way_Hash": ("weak-hash",),
    "CWE338_Weak_PRNG": ("weak-random",),
    "CWE780_Use_of_RSA_Algorithm_Without_OAEP": ("weak-padding",),
}
"""By folder: the classes that count, the first of them to report under. A missing step (CWE 325) has no class."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The weaknesses of cryptography."""
    return checked(copy / _TESTS, _cases(copy / _TESTS), *(copy / _TESTS / name for name in _CLASSES))


def _cases(tests: Path) -> Iterator[Case]:
    for name, accepted in _CLASSES.items():
        yield from juliet.cases(tests / name, _SUFFIXES, accepted, _functions)


def _functions(path: Path) -> Iterator[tuple[bool, Place]]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begun = 0
    for number, line in enumerate(lines, start=1):
        if _BEGIN.match(line):
            begun = number
        elif (ended := _END.match(line)) and begun:
            yield ended[1] == "BAD", Place(path, begun, number)
            begun = 0
