"""Tests of CodeQL's queries and models, which are labelled in two ways.

Files named *.expected list what a query reports, as ``file:line:column:line:column``. Comments that begin with ``$``
say what is expected of their own line: alerts, or operations with the name of their algorithm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.scanner.cases import USE, Case, Labelled, Place, checked_files, source_files

_CWE = re.compile(r"CWE-0*(\d+)")
_SELECT = "#select"
_SPOT = re.compile(r"\b([\w./-]+\.\w+):(\d+):\d+:(\d+):\d+")
_COMMENT = re.compile(r"(?:#|//)\s*\$\s*(?P<expected>.*)$")
_ALERT = re.compile(
    r"^(?:Alert|Source Alert|hasInsufficientKeySize|hasUnsafe\w+|hasTaintFlow|hasResult|BAD)\b|\bAlert\b"
)
_ALGORITHM = re.compile(r"\bCryptographicOperationAlgorithm=(?:\"([^\"]+)\"|(\S+))")
_OPERATION = re.compile(
    r"^\| (?P<file>[\w.-]+):(?P<first>\d+):\d+:(?P<last>\d+):\d+ \|[^|]*\| (?P<algorithm>[\w-]+) \|"
)
_OPERATIONS = "CryptographicOperation.expected"
_OPERATIONS_ONLY = re.compile(r"WeakSensitiveDataHashing|BrokenCrypto")
"""Queries that report what gets data rather than what has the algorithm."""

_OTHER = re.compile(r"ClientSideEncryptionVersion|bad-random|CWE-1240")
"""Tests of what has no class: versions of a cloud's client, random numbers that aren't evenly spread."""

_NAMES = {"ARC4": "RC4", "RSA-PSS?": "RSA", "RSA-OAEP?": "RSA"}
"""Names of algorithms that the scanner has by other names."""

_MADE_ABOVE = 15
"""The lines above an operation in which what it uses may have been made."""

_MADE_BELOW = 3
"""The lines below a constant in which it is used, where only the constant is labelled."""

_CLASSES = {
    295: ("disabled-certificate-check",),
    297: ("disabled-certificate-check",),
    321: ("hardcoded-key",),
    322: ("disabled-certificate-check",),
    326: ("weak-key-size",),
    327: ("weak-cipher", "weak-hash", "ecb-mode", "weak-protocol", "weak-random"),
    328: ("weak-hash",),
    330: ("weak-random",),
    335: ("static-seed",),
    338: ("weak-random",),
    347: ("unverified-signature",),
    780: ("weak-padding",),
    916: ("weak-kdf", "weak-hash"),
    1204: ("static-iv",),
}
"""By weakness: the classes that count, the first of them to report under."""

_RUST = "rust"
_RUST_CLASSES = {number: _CLASSES[number] for number in (295, 327)}
_RUST_KEYS = {798: ("hardcoded-key", "static-iv", "static-salt")}
"""Rust's tests of constants as keys, nonces, passwords and salts."""

_EXHAUSTIVE = frozenset({326, 780, 1204, 338})
"""Weaknesses whose tests report every weak place: others look at sensitive data alone, or at one library.

Examples in the documentation of queries, which stand outside of folders called ``test``, have no such reports.
"""


def read(copy: Path, scratch: Path) -> Labelled:
    """The tests of weaknesses, and those of the models of cryptographic libraries, which say what is used.

    Those of Rust are in ``read_rust``.
    """
    files = [path for path in _sources(copy) if path.relative_to(copy).parts[0] != _RUST]
    weak = _weak(copy, files, _CLASSES, _EXHAUSTIVE)
    cases = [*weak, *(case for path in files for case in _uses(path)), *_listed_uses(copy)]
    return checked_files(copy, cases)


def read_rust(copy: Path, scratch: Path) -> Labelled:
    """The tests of Rust's ciphers, hashes and certificates."""
    tests = copy / _RUST
    cases = [*_weak(tests, _sources(tests), _RUST_CLASSES, frozenset({295}))]
    return checked_files(tests, cases)


def read_rust_keys(copy: Path, scratch: Path) -> Labelled:
    """The tests of Rust's keys and nonces in the source, but those that go by the names of parameters alone."""
    tests = copy / _RUST
    files = [path for path in _sources(tests) if "heuristic" not in path.name]
    cases = [*_weak(tests, files, _RUST_KEYS, frozenset())]
    return checked_files(tests, cases)


def _sources(folder: Path) -> list[Path]:
    return [path for path in source_files(folder) if "vendor" not in path.parts and "stub" not in path.name]


def _weak(
    copy: Path, files: list[Path], classes: Mapping[int, tuple[str, ...]], exhaustive: frozenset[int]
) -> Iterator[Case]:
    reported = _reported(copy)
    for path in files:
        weakness = _weakness(path, classes)
        if weakness is None:
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        rows = set(reported.get(path, ()))
        told = {number for row in rows for place in row for number in range(place.first, place.last + 1)}
        alerts = [number for number, line in enumerate(lines, start=1) if _is_alert(line) and number not in told]
        behind = _MADE_BELOW if weakness in _RUST_KEYS else 0
        rows |= {(Place(path, number, number + behind),) for number in alerts}
        accepted = classes[weakness]
        for places in sorted(rows, key=lambda row: row[0].first):
            made = _paragraphs(places, lines) if _OPERATIONS_ONLY.search(str(path)) else places
            yield Case(accepted[0], True, made, frozenset(accepted))
        if weakness in exhaustive and "test" in path.parts:
            weak = {number for row in rows for place in row for number in range(place.first, place.last + 1)}
            for number, line in enumerate(lines, start=1):
                if line.strip() and number not in weak:
                    yield Case(accepted[0], False, (Place(path, number, number),), frozenset(accepted))


def _paragraphs(places: tuple[Place, ...], lines: list[str]) -> tuple[Place, ...]:
    """Places from the beginning of their paragraphs on: a hash that gets data was made above."""
    found = []
    for place in places:
        first = place.first
        while first > 1 and lines[first - 2].strip():
            first -= 1
        found.append(Place(place.path, first, place.last))
    return tuple(found)


def _weakness(path: Path, classes: Mapping[int, tuple[str, ...]]) -> int | None:
    if _OTHER.search(str(path)):
        return None
    named = _CWE.search(str(path.parent))
    return int(named[1]) if named and int(named[1]) in classes else None


def _is_alert(line: str) -> bool:
    """Whether a line is labelled as weak: that a query is known to miss it makes no difference, a false alarm does."""
    comment = _COMMENT.search(line)
    expected = "" if comment is None else comment["expected"].removeprefix("MISSING:").strip()
    return not expected.startswith("SPURIOUS:") and _ALERT.search(expected) is not None


def _reported(copy: Path) -> dict[Path, set[tuple[Place, ...]]]:
    """Rows of results by the file that each reports first: the places of a row are those that a flow goes through."""
    rows: dict[Path, set[tuple[Place, ...]]] = {}
    for expected in sorted(copy.rglob("*.expected")):
        text = expected.read_text(encoding="utf-8", errors="replace")
        _, selected, results = text.rpartition(_SELECT + "\n")
        if not selected and not text.startswith("|"):
            continue
        nodes = _places(expected, text.partition("\nnodes\n")[2])
        for row in results.splitlines():
            if not row.startswith("|"):
                break
            places = _places(expected, row)
            if places:
                first, last = min(place.first for place in places), max(place.last for place in places)
                between = [node for node in nodes if node.path == places[0].path and first <= node.first <= last]
                rows.setdefault(places[0].path, set()).add(tuple(dict.fromkeys([*places, *between])))
    return rows


def _places(expected: Path, text: str) -> list[Place]:
    return [Place(expected.parent / name, int(first), int(last)) for name, first, last in _SPOT.findall(text)]


def _uses(path: Path) -> Iterator[Case]:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        comment = _COMMENT.search(line)
        for quoted, bare in _ALGORITHM.findall(comment["expected"]) if comment else ():
            yield _use(Place(path, number, number), quoted or bare)


def _listed_uses(copy: Path) -> Iterator[Case]:
    for expected in sorted(copy.rglob(_OPERATIONS)):
        for row in expected.read_text(encoding="utf-8").splitlines():
            listed = _OPERATION.match(row)
            if listed:
                path = expected.parent / listed["file"]
                yield _use(Place(path, int(listed["first"]), int(listed["last"])), listed["algorithm"])


def _use(place: Place, algorithm: str) -> Case:
    above = Place(place.path, max(1, place.first - _MADE_ABOVE), place.last)
    return Case(USE, True, (above,), algorithm=_NAMES.get(algorithm, algorithm))
