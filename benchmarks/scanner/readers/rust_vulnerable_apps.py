"""Rust programs of Snyk, each of which is vulnerable, or not, as its folder says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked, source_files

_FOLDER = "hardcoded_secret"
_NAME = re.compile(r"hardcoded_secret_(?P<kind>bad|good)_")


def read(copy: Path, scratch: Path) -> Labelled:
    """The programs with keys and passwords in the source; the others are on other subjects."""
    return checked(copy / _FOLDER, _cases(copy / _FOLDER))


def _cases(folder: Path) -> Iterator[Case]:
    for path in source_files(folder):
        named = _NAME.match(path.relative_to(folder).parts[0])
        if named:
            yield Case("hardcoded-key", named["kind"] == "bad", (Place(path),))
