"""CryptoAPI-Bench: one case a Java file, and a spreadsheet with each case's kind and whether it is vulnerable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, UnreadableCorpus, checked
from benchmarks.scanner.readers.spreadsheet import read_rows

_SHEET = "CryptoAPI-Bench_details.xlsx"
_SOURCES = "src/main/java"
_CLASSES = {
    "predictablecryptographickey": "hardcoded-key",
    "predictablepbepassword": "hardcoded-key",
    "predictablekeystorepassword": "hardcoded-key",
    "dummyhostnameverifier": "disabled-certificate-check",
    "dummycertvalidation": "disabled-certificate-check",
    "impropersslsocketfactory": "disabled-certificate-check",
    "untrustedprng": "weak-random",
    "predictableseeds": "static-seed",
    "staticsalts": "static-salt",
    "ecbcrypto": "ecb-mode",
    "staticinitializationvector": "static-iv",
    "pbeiteration": "low-kdf-iterations",
    "brokencrypto": "weak-cipher",
    "insecureasymmetriccrypto": "weak-key-size",
    "brokenhash": "weak-hash",
    "brokenmac": "weak-hash",
}
"""By the folder of a case. Two kinds, plain HTTP and credentials kept as strings, are no cryptography."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The cases whose files the spreadsheet names."""
    if not (copy / _SHEET).is_file():
        raise UnreadableCorpus(f"{copy / _SHEET} is missing")
    return checked(copy / _SOURCES, _cases(copy))


def _cases(copy: Path) -> Iterator[Case]:
    files = {path.stem: path for path in sorted((copy / _SOURCES).rglob("*.java"))}
    for row in read_rows(copy / _SHEET):
        path = files.get(row.get("B", "").strip().removesuffix(".java"))
        if path is not None and path.parent.name in _CLASSES and row.get("D") in {"0", "1"}:
            yield Case(_CLASSES[path.parent.name], row["D"] == "1", (Place(path),))
