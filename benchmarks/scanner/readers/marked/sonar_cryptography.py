"""Tests of a scanner for CBOMs: comments name the operation and the algorithm that it must report of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import USE, Case, Labelled, Place, checked_files, source_files
from benchmarks.scanner.readers.marked.comments import marked_lines

_FOLDERS = ("java", "python", "go")
_TESTS = "src/test/files/rules/detection"
_OPERATION = re.compile(r"\{\{\((?P<kind>\w+)\) (?P<algorithm>[\w./ -]+?)\)*\}\}")
_AROUND = 8
"""The lines around a label in which the operation may be told: labels are where its first part is made."""

_NAMES = (
    (r"(?:HKDF|PBKDF2)-SHA\d+", lambda name: name.partition("-")[0]),
    (r"SHA\d+with(?:RSA|DSA)|RSASSA-PSS|ANSI X9.31|ISO 9796.*", lambda name: "DSA" if "DSA" in name else "RSA"),
    (r"SHA512withML-DSA-44", lambda name: "ML-DSA-44"),
    (r"AES-CMAC|HMAC-Poly1305", lambda name: name.partition("-")[2]),
    (r"AES-(?:CTS|GCM-SIV)|NATIVEPRNG|Kyber", lambda name: ""),
    (r"ConcatenationKDF", lambda name: "ConcatKDF"),
    (r"ANSI X9.63", lambda name: "X9.63"),
    (r"SCRYPT", lambda name: "scrypt"),
)
"""Names of algorithms that the scanner has by other names; ``""``: any algorithm, where the label assumes one."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The labelled operations in Java, Python and Go."""
    paths = [path for folder in _FOLDERS for path in source_files(copy / folder / _TESTS)]
    cases = [case for path in paths for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(path: Path) -> Iterator[Case]:
    for place, weak, comment in marked_lines(path):
        for operation in _OPERATION.finditer(comment) if weak else ():
            near = Place(path, max(1, place.first - _AROUND), place.last + _AROUND)
            yield Case(USE, True, (near,), algorithm=_family(operation["algorithm"]) or None)


def _family(name: str) -> str:
    """The algorithm without its mode and padding, and without the size of its key, which labels take from lengths."""
    for pattern, renamed in _NAMES:
        if re.fullmatch(pattern, name):
            return renamed(name)
    first = re.split(r"-(?=CBC|ECB|GCM|CCM|EAX|OAEP|\d{3,4}\b|secp)", name)[0]
    return re.sub(r"^(AES|DES)\d+$", r"\1", first)
