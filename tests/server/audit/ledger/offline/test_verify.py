"""Logs that are good, and every way in which one may have been tampered with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.offline.findings import GOOD, TAMPERED, WEAKER
from tests.server.audit.ledger.ledgers import (
    ORIGIN,
    Ledger,
    audit_entries,
    make,
    own_entry,
)
from tests.server.audit.ledger.offline.verifying import CHANGES, flip, found, rebuild, verify


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 513])
def test_good_logs_of_each_size(tmp_path: Path, size: int, journal: bool) -> None:
    ledger = make(tmp_path / "log", size, journal=journal, step=7)
    report = verify(ledger)
    assert report.status() == GOOD, report
    assert (report.origin, report.size) == (ORIGIN, size)
    assert [signature["status"] for signature in report.signatures] == ["valid", "valid"]


@pytest.mark.parametrize("size", [65_536, 70_000])
def test_good_logs_of_several_levels(large_ledger: Ledger, tmp_path: Path, size: int) -> None:
    ledger = large_ledger
    if size != 70_000:
        ledger = large_ledger.copy(tmp_path / "log")
        ledger.writer = TreeWriter()
        ledger.writer.append(ledger.entries[:size])
        ledger.sign()
    report = verify(ledger)
    assert (report.status(), report.size) == (GOOD, size), report
    behind = f"{70_000 - size} entries of the journal, which aren't in the tree yet"
    assert (behind in report.open) == (size != 70_000)


@pytest.mark.parametrize(
    ("path", "at", "expected"),
    [
        ("tile/entries/000", 5, ("entry", 0, "tile/entries/000")),
        ("tile/entries/100", -1, ("entry", 25_855, "tile/entries/100")),
        ("tile/entries/273.p/112", 3, ("entry", 69_888, "tile/entries/273.p/112")),
        ("tile/0/000", 0, ("tile", 0, "tile/0/000")),
        ("tile/0/100", 33, ("tile", 25_601, "tile/0/100")),
        ("tile/0/273.p/112", -1, ("tile", 69_999, "tile/0/273.p/112")),
        ("tile/1/000", 40, ("tile", 256, "tile/1/000")),
        ("tile/1/001.p/17", 0, ("tile", 65_536, "tile/1/001.p/17")),
        ("tile/2/000.p/1", 31, ("tile", 0, "tile/2/000.p/1")),
    ],
)
def test_an_edited_byte_is_found_where_it_is(
    large_ledger: Ledger, tmp_path: Path, path: str, at: int, expected: tuple[str, int, str]
) -> None:
    ledger = large_ledger.copy(tmp_path / "log")
    ledger.edit(path, flip(at))
    report = verify(ledger)
    assert report.status() == TAMPERED
    assert found(report) == {expected}


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_edited_byte_of_a_file_is_found(small_ledger: Ledger, tmp_path: Path, data: st.DataObject) -> None:
    files = [path for path in small_ledger.tile_files() if not obsolete(path)]
    path = data.draw(st.sampled_from([*files, "checkpoint", "checkpoints/400"]))
    content = small_ledger.read(path) or b""
    at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
    shutil.rmtree(tmp_path / "log", ignore_errors=True)
    ledger = small_ledger.copy(tmp_path / "log")
    ledger.edit(path, flip(at, bit))
    report = verify(ledger)
    assert report.status() in (TAMPERED, WEAKER), (path, at)
    assert report.status() == TAMPERED or "checkpoint" in path


def obsolete(path: str) -> bool:
    """Partial files of earlier sizes for which the full one is there mean nothing any more."""
    return ".p/" in path and path.startswith(("tile/0/001", "tile/entries/001"))


@pytest.mark.parametrize("level", ["0", "1", "entries"])
def test_partial_files_of_earlier_sizes(tmp_path: Path, level: str) -> None:
    ledger = make(tmp_path / "log", 700, step=50)
    assert verify(ledger).status() == GOOD
    path = {"0": "tile/0/002.p/138", "1": "tile/1/000.p/1", "entries": "tile/entries/002.p/88"}[level]
    index = 0 if level == "1" else 512
    kind = "entry" if level == "entries" else "tile"
    good = ledger.read(path) or b""
    for changed in (flip(-1)(good), good[:-1], good + good, b""):
        ledger.write(path, changed)
        assert found(verify(ledger)) == {(kind, index, path)}


def test_a_log_that_grows_while_it_is_verified(tmp_path: Path) -> None:
    """A kept checkpoint of the directory's own, of more entries than were there at first, is no sign of a rollback."""

    ledger = make(tmp_path / "log", 700)

    def grow(_done: int, _size: int) -> None:
        if len(ledger.entries) == 700:
            ledger.append(audit_entries(800)[700:])
            ledger.sign(keep=True)

    report = verify(ledger, progress=grow)
    assert (report.status(), report.size) == (GOOD, 700)
    assert any("100 entries of the journal" in sentence for sentence in report.open)


def test_each_byte_of_the_checkpoint_counts(ledger: Ledger) -> None:
    """A byte of a key's id makes the signature a stranger's, so that it is missing; every other one is tampering."""
    content = (ledger.path / "checkpoint").read_bytes()
    body = content.index(b"\n\n")
    steps = [*range(body + 120), *range(body + 120, len(content), 211), len(content) - 1]
    for at in steps:
        ledger.write("checkpoint", flip(at)(content))
        status = verify(ledger).status()
        assert status in (TAMPERED, WEAKER), at
        assert status == TAMPERED or at > body


@pytest.mark.parametrize("levels", [0, 1, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_entries_are_found_whatever_was_rebuilt(ledger: Ledger, change: str, levels: int) -> None:
    """With the bundles alone, with the tiles of level 0, and with all tiles made again."""
    shutil.rmtree(ledger.path / "journal")
    rebuild(ledger, CHANGES[change](ledger.entries), levels)
    report = verify(ledger)
    assert report.status() == TAMPERED
    kinds = {finding.kind for finding in report.findings}
    if levels == 0:
        first = min(finding.index for finding in report.findings if finding.kind == "entry")  # type: ignore[type-var]
        assert first == (301 if change == "duplicate" else 300)
    elif levels == 1:
        assert found(report) & {("tile", 256, "tile/0/001"), ("tile", 256, "tile/1/000.p/2")}
    if levels == 2 or (levels == 1 and change in ("drop", "duplicate", "insert")):
        assert "root" in kinds
    if levels and change in ("drop", "duplicate", "swap"):
        assert ("sequence", 300, None) in found(report) or ("sequence", 301, None) in found(report)


def test_two_bundles_in_a_row_are_missed(large_ledger: Ledger, tmp_path: Path) -> None:
    ledger = large_ledger.copy(tmp_path / "log")
    for number in (40, 41):
        (ledger.path / f"tile/entries/0{number}").unlink()
    report = verify(ledger)
    assert report.status() == TAMPERED
    assert found(report) == {("missing", 10_240, "tile/entries/040"), ("missing", 10_496, "tile/entries/041")}


@pytest.mark.parametrize(
    "path", ["tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188", "tile/entries/000"]
)
def test_any_missing_file_is_missed(ledger: Ledger, path: str) -> None:
    (ledger.path / path).unlink()
    report = verify(ledger)
    assert report.status() == TAMPERED
    assert [finding.file for finding in report.findings if finding.kind == "missing"] == [path]


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\0"])
@pytest.mark.parametrize("path", ["tile/0/001", "tile/1/000.p/2", "tile/entries/001", "tile/0/002.p/188"])
def test_files_of_another_length_are_found(ledger: Ledger, path: str, change: Callable[[bytes], bytes]) -> None:
    ledger.edit(path, change)
    report = verify(ledger)
    assert report.status() == TAMPERED
    assert path in {finding.file for finding in report.findings}


def test_pruned_logs(large_ledger: Ledger, tmp_path: Path) -> None:
    ledger = large_ledger.copy(tmp_path / "log")
    for number in range(3):
        (ledger.path / f"tile/entries/00{number}").unlink()
        (ledger.path / f"tile/0/00{number}").unlink()
    shutil.rmtree(ledger.path / "journal")
    assert verify(ledger).status() == TAMPERED
    assert verify(ledger, first=768).status() == GOOD
    report = verify(ledger, first=767)
    assert found(report) == {("missing", 512, "tile/entries/002"), ("missing", 512, "tile/0/002")}
    assert verify(ledger, first=10**9).status() == GOOD


def test_a_pruned_log_that_says_so(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "log", journal=False)
    ledger.append([*audit_entries(600), own_entry(600, "pruned", below=512)])
    ledger.sign()
    for number in range(2):
        (ledger.path / f"tile/entries/00{number}").unlink()
        (ledger.path / f"tile/0/00{number}").unlink()
    report = verify(ledger)
    assert report.status() == WEAKER
    assert "--from 512" in report.weaker[0]
    assert verify(ledger, first=512).status() == GOOD
    (ledger.path / "tile/entries/002.p/89").unlink()
    assert verify(ledger, first=512).status() == TAMPERED
