"""PyCryptoBench: Python programs in a SQLite database, each vulnerable to one of 18 rules or to none."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, UnreadableCorpus, checked

_DATABASE = "PyCryptoBench.sqlite"
_QUERY = "SELECT FileName, Rule, HasVuln, Contents FROM main ORDER BY level_0"
_CLASSES = {
    0: "weak-random",
    1: "disabled-certificate-check",
    2: "disabled-certificate-check",
    3: "disabled-certificate-check",
    5: "weak-random",
    6: "static-salt",
    7: "ecb-mode",
    8: "low-kdf-iterations",
    9: "weak-cipher",
    10: "weak-key-size",
    11: "weak-hash",
    12: "unverified-signature",
    13: "weak-protocol",
}
"""By rule. The others are of plain HTTP, LDAP, XML, YAML, pickles and regular expressions."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The programs, unpacked into ``scratch``."""
    if not (copy / _DATABASE).is_file():
        raise UnreadableCorpus(f"{copy / _DATABASE} is missing")
    return checked(scratch, _cases(copy / _DATABASE, scratch))


def _cases(database: Path, scratch: Path) -> Iterator[Case]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for number, (name, rule, vulnerable, content) in enumerate(connection.execute(_QUERY)):
            if rule not in _CLASSES:
                continue
            path = scratch / f"{number:04}" / Path(name).name
            path.parent.mkdir()
            path.write_bytes(base64.b64decode(content.removeprefix("b64:")))
            yield Case(_CLASSES[rule], bool(vulnerable), (Place(path),))
