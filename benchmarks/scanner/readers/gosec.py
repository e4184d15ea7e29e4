"""The samples of gosec: Go programs in raw strings of Go files, with the number of reports that each must give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked

_SAMPLES = "testutils"
_SAMPLE = re.compile(r"\{\[\]string\{\s*(?P<files>`.*?`)\s*,?\s*\}\s*,\s*(?P<reports>\d+)\s*,", re.DOTALL)
_FILE = re.compile(r"`([^`]*)`")
_SUPPRESSED = "#nosec"
_CLASSES = {
    "g106": ("disabled-certificate-check",),
    "g401": ("weak-hash",),
    "g402": ("disabled-certificate-check", "weak-protocol", "weak-cipher"),
    "g403": ("weak-key-size",),
    "g404": ("weak-random",),
    "g405": ("weak-cipher",),
    "g406": ("weak-hash",),
    "g407": ("static-iv", "nonce-reuse"),
    "g501": ("weak-hash",),
    "g502": ("weak-cipher",),
    "g503": ("weak-cipher",),
    "g505": ("weak-hash",),
    "g506": ("weak-hash",),
    "g507": ("weak-hash",),
}
"""By rule: the classes that count, the first of them to report under. G408 (a callback that keeps state) has none."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The samples of the rules on cryptography, unpacked into ``scratch``."""
    return checked(scratch, _cases(copy / _SAMPLES, scratch))


def _cases(samples: Path, scratch: Path) -> Iterator[Case]:
    for rule, accepted in _CLASSES.items():
        path = samples / f"{rule}_samples.go"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for number, sample in enumerate(_SAMPLE.finditer(text)):
            folder = scratch / rule / str(number)
            folder.mkdir(parents=True)
            places = tuple(_unpacked(sample["files"], folder))
            if _SUPPRESSED not in sample["files"]:
                yield Case(accepted[0], int(sample["reports"]) > 0, places, frozenset(accepted))


def _unpacked(files: str, folder: Path) -> Iterator[Place]:
    for number, content in enumerate(_FILE.findall(files)):
        path = folder / f"sample{number}.go"
        path.write_text(content, encoding="utf-8")
        yield Place(path)
