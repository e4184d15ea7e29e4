"""Tests of a scanner for CBOMs: comments name the operation and the algorithm that it must report of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import USE, Case, Labelled, Place, checked, source_files
from benchmarks.scanner.readers.marked.comments import marked_lines

_FOLDERS = ("java", "python", "go")
_TESTS = "src/test/files/rules/detection"
_OPERATION = re.compile(r"\{\{\((?P<kind>\w+)\) (?P<algorithm>[\w./ -]+?)\)*\}\}")
_AROUND = 8
"""The lines around a label in which the operation may be told: labels are where its first part is made."""

_NAMES = {"3DES": "TDEA", "EC": "EC", "SCRYPT": "scrypt", "NATIVEPRNG": ""}
"""Names of algorithms that the scanner has by other names; ``""``: any algorithm."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The labelled operations in Java, Python and Go."""
    paths = [path for folder in _FOLDERS for path in source_files(copy / folder / _TESTS)]
    cases = [case for path in paths for case in _cases(path)]
    return checked(copy, cases, *sorted({case.places[0].path for case in cases}))


def _cases(path: Path) -> Iterator[Case]:
    for place, weak, comment in marked_lines(path):
        for operation in _OPERATION.finditer(comment) if weak else ():
            near = Place(path, max(1, place.first - _AROUND), place.last + _AROUND)
            yield Case(USE, True, (near,), algorithm=_family(operation["algorithm"]) or None)


def _family(name: str) -> str:
    """The algorithm without its mode and padding, and without the size of its key, which labels take from lengths."""
    first = re.split(r"-(?=CBC|ECB|GCM|CCM|CTS|EAX|OAEP|\d{3,4}\b|secp)", name)[0]
    family = re.sub(r"^(AES|DES)\d+$", r"\1", first)
    return _NAMES.get(family, family)
