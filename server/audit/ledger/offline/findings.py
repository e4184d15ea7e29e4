"""Findings of a verification: errors of a log, and facts that couldn't be established."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_OF_A_KIND = 100
"""Findings of one kind that are told; the others are counted, since one cause may make a million."""

GOOD, TAMPERED, UNREADABLE, WEAKER = 0, 1, 2, 3
"""Exit statuses."""


class Kind(StrEnum):
    """The subject of a finding."""

    SIGNATURE = "signature"
    ROOT = "root"
    TILE = "tile"
    ENTRY = "entry"
    MISSING = "missing"
    JOURNAL = "journal"
    LARGE = "large"
    SEQUENCE = "sequence"
    TIME = "time"
    ROLLED_BACK = "rolled-back"
    FORKED = "forked"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sign of tampering."""

    kind: Kind
    message: str
    index: int | None = None
    """The entry in question, or the first of several."""

    file: str | None = None
    """The file in question, below the log's directory."""


@dataclass(slots=True)
class Report:
    """All that verifying one log came to."""

    origin: str | None = None
    size: int | None = None
    root: str | None = None
    """In base64, as the checkpoint has it."""

    signatures: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    weaker: list[str] = field(default_factory=list)
    """In words, what was asked for and isn't there."""

    open: list[str] = field(default_factory=list)
    """In words, what these files can't show."""

    rotations: list[dict[str, Any]] = field(default_factory=list)
    """The entries that have led from the policy's keys to newer ones, and these."""

    unreadable: str | None = None
    """The reason why it couldn't be read."""

    tenants: list[Report] = field(default_factory=list)
    prefix: str = ""
    """The prefix of file names in findings: the folder of a tenant's log."""

    _counts: dict[Kind, int] = field(default_factory=dict)

    def add(self, kind: Kind, message: str, *, index: int | None = None, file: str | None = None) -> None:
        """Note a finding, if there aren't too many of its kind already."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= MAX_OF_A_KIND:
            self.findings.append(Finding(kind, message, index, None if file is None else self.prefix + file))

    def follow(self, index: int, keys: list[str]) -> None:
        """Note that the entry ``index``, under keys that are believed, has led to ``keys``."""
        self.rotations.append({"index": index, "new": keys})

    def note(self, sentence: str) -> None:
        """Note once what these files can't show."""
        if sentence not in self.open:
            self.open.append(sentence)

    def weaken(self, sentence: str) -> None:
        """Note once what was asked for and isn't there."""
        if sentence not in self.weaker:
            self.weaker.append(sentence)

    def all_findings(self) -> list[Finding]:
        """The findings of this log and of its tenants'."""
        return [*self.findings, *(finding for tenant in self.tenants for finding in tenant.all_findings())]

    def not_established(self) -> list[str]:
        """In words, all that isn't certain after this."""
        omitted = [
            f"{count - MAX_OF_A_KIND} more findings of the kind {kind} aren't listed"
            for kind, count in self._counts.items()
            if count > MAX_OF_A_KIND
        ]
        reason = [self.unreadable] if self.unreadable else []
        return [*reason, *self.weaker, *self.open, *omitted]

    def status(self) -> int:
        """The exit status: what is tampered with outweighs what can't be read, and that what is weaker than asked."""
        statuses = {tenant.status() for tenant in self.tenants}
        if self.findings:
            statuses.add(TAMPERED)
        if self.unreadable is not None:
            statuses.add(UNREADABLE)
        if self.weaker:
            statuses.add(WEAKER)
        return worst(statuses)

    def as_json(self) -> dict[str, Any]:
        """The object that ``--format json`` prints."""
        findings = [
            {"kind": str(one.kind), "index": one.index, "file": one.file, "message": one.message}
            for one in self.all_findings()
        ]
        shown = {
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "signatures": self.signatures,
            "findings": findings,
            "not_established": self.not_established(),
        }
        if self.rotations:
            shown["rotations"] = self.rotations
        if self.tenants:
            shown["tenants"] = [tenant.as_json() for tenant in self.tenants]
        return shown


def worst(statuses: set[int]) -> int:
    """The exit status of several together."""
    return next((status for status in (TAMPERED, UNREADABLE, WEAKER) if status in statuses), GOOD)
