"""A set of advisories: that which ships with the scanner, as one file, or one from a directory in OSV format.

The file has JSON objects, one a line: a head, which tells where and when the advisories were taken from, and then the
advisories. So a new edition of it is a difference that can be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from engines.cbom.dependencies.advisories.choosing import is_cryptographic
from engines.cbom.dependencies.advisories.model import Advisory, Source
from engines.cbom.dependencies.advisories.osv import NoRecord, advisories_of, record_of
from engines.cbom.dependencies.model import Ecosystem

MAX_RECORDS = 500_000
MAX_RECORD_BYTES = 4 * 1024 * 1024

_FILE = "data/advisories.jsonl"
_ENCODER = msgspec.json.Encoder(order="deterministic")
_SOURCES = msgspec.json.Decoder(tuple[Source, ...])
_ADVISORY = msgspec.json.Decoder(Advisory)


class NoAdvisories(Exception):
    """A directory without any record that can be read; the text says so."""


@dataclass(frozen=True, slots=True)
class AdvisorySet:
    """Advisories by package, and where they come from."""

    sources: tuple[Source, ...]
    by_package: dict[tuple[Ecosystem, str], list[Advisory]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def of(self, ecosystem: Ecosystem, name: str) -> Sequence[Advisory]:
        """The advisories on a package."""
        return self.by_package.get((ecosystem, name), ())

    def age_days(self, today: date) -> int:
        """Days since the newest of the sources."""
        return (today - max(date.fromisoformat(source.date) for source in self.sources)).days

    def described(self, today: date) -> str:
        """A line on what the set is and how old it is."""
        parts = (
            f"{source.name} of {source.date} ({source.records}{'' if source.complete else ', a selection'})"
            for source in self.sources
        )
        return f"{', '.join(parts)}; {self.age_days(today)} days old"


@cache
def shipped_advisories() -> AdvisorySet:
    """The set that ships with the scanner."""
    return decoded((files("engines.cbom.dependencies") / _FILE).read_bytes())


def decoded(content: bytes) -> AdvisorySet:
    """The set in a file of ``encoded``."""
    head, *lines = content.splitlines()
    return AdvisorySet(_SOURCES.decode(head), _by_package(map(_ADVISORY.decode, lines)))


def encoded(sources: Sequence[Source], advisories: Iterable[Advisory]) -> bytes:
    """The file of a set, the same for the same advisories in any order."""
    ordered = sorted(advisories, key=lambda each: (each.ecosystem, each.package, each.id))
    return b"\n".join([_ENCODER.encode(tuple(sources)), *map(_ENCODER.encode, ordered)]) + b"\n"


def read_advisories(directory: Path) -> AdvisorySet:
    """The advisories on cryptography among the OSV records in ``directory``. Raises ``NoAdvisories``."""
    found: list[Advisory] = []
    newest, unread, records = "", 0, 0
    for path in _records(directory):
        records += 1
        try:
            record = record_of(path.read_bytes() if path.stat().st_size <= MAX_RECORD_BYTES else b"")
            day = date.fromisoformat(record.modified[:10]).isoformat()
            found += [each for each in advisories_of(record) if is_cryptographic(each)]
        except (NoRecord, OSError, ValueError):
            unread += 1
            continue
        newest = max(newest, day)
    if not newest:
        raise NoAdvisories(f"{directory} has no records in OSV format")
    source = Source(str(directory), "", "", "", newest, len(found))
    problems = (f"{unread} of {records} files in {directory} are no records of OSV",) if unread else ()
    return AdvisorySet((source,), _by_package(found), problems)


def _records(directory: Path) -> Iterator[Path]:
    """The JSON files below a directory, without following links to other directories. Raises ``NoAdvisories``."""
    for number, path in enumerate(directory.rglob("*.json")):
        if number == MAX_RECORDS:
            raise NoAdvisories(f"{directory} has more than {MAX_RECORDS} records")
        if path.is_file():
            yield path


def _by_package(advisories: Iterable[Advisory]) -> dict[tuple[Ecosystem, str], list[Advisory]]:
    found: defaultdict[tuple[Ecosystem, str], list[Advisory]] = defaultdict(list)
    for each in advisories:
        found[Ecosystem(each.ecosystem), each.package].append(each)
    return dict(found)
