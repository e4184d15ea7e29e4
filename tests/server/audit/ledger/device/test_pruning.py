"""Pruning a directory: what goes to the archive, and what stays."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.pruning import archive, remove
from server.audit.ledger.offline.findings import GOOD
from tests.server.audit.ledger.ledgers import Ledger, audit_entries, line, member
from tests.server.audit.ledger.offline.verifying import verify

SIZE = 3
MISSING = ["tile/entries/000", "tile/0/000"]
BODY = b"{1}", b"{2}"


def test_only_the_bodies_of_what_is_pruned_go(tmp_path: Path) -> None:
    """A caller's data may look like a reference to the body of another entry."""
    names = [sha256(body).hexdigest() for body in BODY]
    large = [{"large": {"sha256": name, "size": SIZE}} for name in names]
    entries = audit_entries(600)
    for index, data in ((10, large[0]), (11, {**large[1], "more": 1}), (400, large[1])):
        entries[index] = line({"type": "request", "request": {"data": data}, "ledger": member(index)})
    ledger = Ledger(tmp_path / "log", journal=False).append(entries)
    for name, body in zip(names, BODY, strict=True):
        ledger.write(f"large/{name}", body)
    ledger.sign()
    directory = LedgerDirectory(ledger.path)
    archive(directory, 0, 256, tmp_path / "archive")
    remove(directory, 0, 256)
    assert [(ledger.path / "large" / name).exists() for name in names] == [False, True]
    assert (tmp_path / "archive/large" / names[0]).read_bytes() == BODY[0]
    assert not (ledger.path / "tile/entries/000").exists()
    assert (ledger.path / "tile/entries/001").exists()
    assert verify(ledger, first=256).status() == GOOD


@pytest.mark.parametrize("path", MISSING)
def test_what_is_missing_is_not_pruned(tmp_path: Path, path: str) -> None:
    """The entry that tells of pruning would hide that it was taken away."""
    ledger = Ledger(tmp_path / "log", journal=False).append(audit_entries(600))
    ledger.sign()
    (ledger.path / path).unlink()
    with pytest.raises(FileNotFoundError, match=f"{path} is missing"):
        archive(LedgerDirectory(ledger.path), 0, 256, tmp_path / "archive")
