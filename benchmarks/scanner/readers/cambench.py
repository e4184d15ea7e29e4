"""CamBench_Cap: one case a Java file, with a YAML file beside it that says whether it is a misuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked

_SOURCES = "CamBench_Cap/src/main/java"
_VIOLATION = re.compile(r"^\s*violation:\s*(true|false)\s*$", re.MULTILINE)
_CLASSES = {
    "brokencrypto": ("weak-cipher", ("weak-cipher",)),
    "brokenhash": ("weak-hash", ("weak-hash",)),
    "ecbmode": ("ecb-mode", ("ecb-mode",)),
    "insecurerandom": ("weak-random", ("weak-random", "static-seed")),
    "pbeparameters": ("low-kdf-iterations", ("low-kdf-iterations", "static-salt", "hardcoded-key")),
    "smallkeysize": ("weak-key-size", ("weak-key-size",)),
    "staticiv": ("static-iv", ("static-iv",)),
}
"""By the folder of a case: the class to report under, and those that count."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The synthetic part. The other one names places in projects that are not part of the corpus."""
    return checked(copy / _SOURCES, _cases(copy / _SOURCES))


def _cases(sources: Path) -> Iterator[Case]:
    for meta in sorted(sources.rglob("*_meta*.yaml")):
        path = meta.with_name(meta.name.partition("_meta")[0] + ".java")
        said = _VIOLATION.findall(meta.read_text(encoding="utf-8"))
        if meta.parent.name in _CLASSES and path.is_file() and said:
            finding, accepted = _CLASSES[meta.parent.name]
            yield Case(finding, "true" in said, (Place(path),), frozenset(accepted))
