"""Records in the format of OSV (ossf.github.io/osv-schema), as databases of GitHub, PyPA and others have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from engines.cbom.dependencies.advisories.cvss import severity_of_vector
from engines.cbom.dependencies.advisories.model import Advisory, Event, Severity
from engines.cbom.dependencies.model import Ecosystem, normal_name

MAX_EVENTS = 256
"""Events of a package that are read: a record with more is refused."""

MAX_SUMMARY = 200
ECOSYSTEMS = {"npm": Ecosystem.NPM, "PyPI": Ecosystem.PYPI, "crates.io": Ecosystem.CARGO}
_RANGES = ("SEMVER", "ECOSYSTEM")
_WORDS = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MODERATE": Severity.MODERATE,
    "MEDIUM": Severity.MODERATE,
    "LOW": Severity.LOW,
}


class NoRecord(Exception):
    """A text that isn't a record of OSV, or is beyond the bounds."""


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Range(msgspec.Struct):
    type: str
    events: list[dict[str, str]] = msgspec.field(default_factory=list)


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] = msgspec.field(default_factory=list)
    versions: list[str] = msgspec.field(default_factory=list)
    database_specific: dict[str, Any] | None = None


class _Score(msgspec.Struct):
    type: str
    score: str


class Record(msgspec.Struct):
    """The members of a record that are read; others may be there."""

    id: str
    modified: str
    published: str = ""
    withdrawn: str | None = None
    aliases: list[str] = msgspec.field(default_factory=list)
    summary: str = ""
    details: str = ""
    severity: list[_Score] = msgspec.field(default_factory=list)
    affected: list[_Affected] = msgspec.field(default_factory=list)
    database_specific: dict[str, Any] | None = None


_DECODER = msgspec.json.Decoder(Record)


def record_of(content: bytes) -> Record:
    """The record in JSON ``content``. Raises ``NoRecord``."""
    try:
        return _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NoRecord from error


def record_from(value: object) -> Record:
    """The record in ``value``, decoded from another format. Raises ``NoRecord``."""
    try:
        return msgspec.convert(value, Record)
    except msgspec.MsgspecError as error:
        raise NoRecord from error


def advisories_of(record: Record) -> Iterator[Advisory]:
    """What a record says of each package of npm, PyPI and crates.io. Raises ``NoRecord``."""
    if record.withdrawn:
        return
    parts: dict[tuple[Ecosystem, str], list[_Affected]] = {}
    for affected in record.affected:
        package = affected.package
        ecosystem = ECOSYSTEMS.get(package.ecosystem) if package else None
        if package and ecosystem:
            parts.setdefault((ecosystem, normal_name(ecosystem, package.name)), []).append(affected)
    for (ecosystem, name), found in parts.items():
        yield _advisory(record, ecosystem, name, found)


def _advisory(record: Record, ecosystem: Ecosystem, name: str, found: list[_Affected]) -> Advisory:
    ranges = tuple(
        tuple(Event(kind, version) for event in each.events for kind, version in event.items() if kind != "limit")
        for part in found
        for each in part.ranges
        if each.type in _RANGES
    )
    # Databases list versions beside a range that says the same.
    versions = () if ranges else tuple(version for part in found for version in part.versions)
    if sum(map(len, ranges)) > MAX_EVENTS:
        raise NoRecord
    specific = record.database_specific or {}
    cwes = specific.get("cwe_ids")
    return Advisory(
        id=record.id,
        ecosystem=ecosystem.value,
        package=name,
        summary=_line(record.summary or record.details),
        published=(record.published or record.modified)[:10],
        severity=_severity(record, found),
        aliases=tuple(record.aliases),
        cwes=tuple(each for each in cwes if isinstance(each, str)) if isinstance(cwes, list) else (),
        ranges=ranges,
        versions=versions,
    )


def _severity(record: Record, found: list[_Affected]) -> Severity:
    if any((part.database_specific or {}).get("informational") for part in found):
        return Severity.NOTICE
    word = (record.database_specific or {}).get("severity")
    if isinstance(word, str) and word.upper() in _WORDS:
        return _WORDS[word.upper()]
    vectors = [each.score for each in record.severity if each.type == "CVSS_V3"]
    return severity_of_vector(vectors[0]) if vectors else Severity.UNKNOWN


def _line(text: str) -> str:
    """The beginning of a text in one line, in the bounds of a summary."""
    line = " ".join(text[: 4 * MAX_SUMMARY].split())
    return line if len(line) <= MAX_SUMMARY else line[: MAX_SUMMARY - 3].rpartition(" ")[0] + "..."
