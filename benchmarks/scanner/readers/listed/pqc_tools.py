"""Files of QuantaKrypto's recall benchmark: a list names the families of public-key cryptography that each has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import LANGUAGES, USE, Case, Labelled, Place, UnreadableCorpus, checked_files

_LABELS = "recall-labels.json"
_FOLDER = "packages/core/test/benchmark"
_FAMILIES = {
    "RSA": "RSA",
    "DH": "DH",
    "DSA": "DSA",
    "ECDH": "EC",
    "ECDSA": "EC",
    "SECP256K1": "EC",
    "EDDSA": "Ed",
    "X25519": "X25519",
    "X448": "X448",
    "TLS": "TLS",
}
"""By the family: a part of the algorithm's name. A key on a curve may be for signatures or for agreement."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The labelled families in source files. Raises ``UnreadableCorpus``."""
    folder = copy / _FOLDER
    try:
        labels = json.loads((folder / _LABELS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise UnreadableCorpus(f"{folder / _LABELS}: {fault}") from fault
    cases = [case for name, entry in labels.items() if name[:1] != "$" for case in _cases(folder / name, entry)]
    return checked_files(copy, cases)


def _cases(path: Path, entry: dict[str, list[dict[str, str]]]) -> Iterator[Case]:
    families = dict.fromkeys(_FAMILIES.get(each["family"], "") for each in entry["expected"])
    if path.suffix in LANGUAGES and path.is_file():
        yield from (Case(USE, True, (Place(path),), algorithm=family) for family in families if family)
