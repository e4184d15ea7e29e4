"""An advisory: a known vulnerability of a package, and the versions that have it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """Severity of an advisory, by its database; the gravest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MODERATE = "moderate"
    UNKNOWN = "unknown"
    LOW = "low"
    NOTICE = "notice"
    """No vulnerability, such as that a package isn't maintained."""


class Event(msgspec.Struct, frozen=True, array_like=True):
    """A place in the order of versions from which on they are affected or not, as the OSV schema has it."""

    kind: str
    """``introduced``, ``fixed`` or ``last_affected``."""

    version: str
    """``"0"`` stands before all versions."""


class Advisory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Statement of a database on one package."""

    id: str
    ecosystem: str
    package: str
    summary: str
    published: str
    """The day, as 2024-10-10."""

    severity: Severity = Severity.UNKNOWN
    aliases: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()
    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()
    """Single versions, beside the ranges."""

    licence: str = ""
    """An SPDX identifier, where it differs from that of the database."""

    @property
    def fixed(self) -> tuple[str, ...]:
        """The versions that end a range."""
        return tuple(dict.fromkeys(event.version for each in self.ranges for event in each if event.kind == "fixed"))

    @property
    def names(self) -> frozenset[str]:
        """All identifiers of the vulnerability."""
        return frozenset((self.id, *self.aliases))


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """A database that advisories were taken from."""

    name: str
    repository: str
    licence: str
    """An SPDX identifier."""

    commit: str
    date: str
    """The day of the commit or, where records were taken singly, of the newest record."""

    records: int
    complete: bool = True
    """Whether all its records were there to choose from."""
