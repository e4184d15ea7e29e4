"""Programs of Obuhersys for Node.js, a port of CamBench: beside each stands whether it is secure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files

_ENTRY = re.compile(
    r"^[ -]*filename:[ ]*(?P<file>\S+)\s*$|^[ ]*secure:[ ]*(?P<secure>yes|no)\b", re.MULTILINE | re.IGNORECASE
)
_CLASSES = {
    "brokencrypto": ("weak-cipher", "ecb-mode"),
    "brokengcm": ("unverified-signature",),
    "brokenhash": ("weak-hash",),
    "ecbmode": ("ecb-mode",),
    "insecurerandom": ("weak-random",),
    "pbkdf2parameters": ("low-kdf-iterations", "static-salt", "weak-hash"),
    "smallkeysize": ("weak-key-size",),
    "staticiv": ("static-iv", "nonce-reuse"),
}
"""By the folder of a program: the classes that count, the first of them to report under."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The programs of the data set."""
    cases = [case for path in sorted(copy.glob("dataset/**/*meta.yml")) for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(labels: Path) -> Iterator[Case]:
    accepted = _CLASSES.get(labels.parent.name.lower(), ())
    file = ""
    for entry in _ENTRY.finditer(labels.read_text(encoding="utf-8", errors="replace")):
        file = entry["file"] or file
        path = labels.parent / file
        if entry["secure"] and accepted and path.is_file():
            yield Case(accepted[0], entry["secure"].lower() == "no", (Place(path),), frozenset(accepted))
