"""Verification of a directory, and changes to its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.offline.findings import Report
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.server.audit.ledger.ledgers import (
    Ledger,
    line,
    member,
    policy_text,
    signers,
)

POLICY = parse_policy(policy_text(signers()).encode())


def verify(ledger: Ledger, **changes: Any) -> Report:
    return verify_directory(ledger.path, Request(**{"policy": POLICY, **changes}))


def found(report: Report) -> set[tuple[str, int | None, str | None]]:
    return {(str(finding.kind), finding.index, finding.file) for finding in report.all_findings()}


def flip(at: int, bit: int = 1) -> Callable[[bytes], bytes]:
    """Changes one byte, counted from the end if ``at`` is negative."""

    def change(content: bytes) -> bytes:
        altered = bytearray(content)
        altered[at] ^= bit
        return bytes(altered)

    return change


def rebuild(ledger: Ledger, entries: list[bytes], levels: int) -> None:
    """Put ``entries`` in place of the log's: in bundles, and in the tiles of so many levels."""
    writer = TreeWriter()
    writer.append(entries)
    for tile, content in writer.flush():
        if tile.level < levels:
            ledger.write(tile.path, content)


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "edit": lambda entries: [*entries[:300], entries[300].replace(b"192.0.2.1", b"192.0.2.2"), *entries[301:]],
    "drop": lambda entries: [*entries[:300], *entries[301:], entries[-1]],
    "duplicate": lambda entries: [*entries[:301], *entries[300:-1]],
    "swap": lambda entries: [*entries[:300], entries[301], entries[300], *entries[302:]],
    "insert": lambda entries: [*entries[:300], line({"type": "request", "ledger": member(300)}), *entries[300:-1]],
}
