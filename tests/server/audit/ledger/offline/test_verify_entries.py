"""Journals, numbers and times of entries, and hostile files of a log under verification."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from server.audit.ledger.log.frames import encode_frames
from server.audit.ledger.log.tiles import decode_bundle, encode_bundle
from server.audit.ledger.offline.findings import GOOD, TAMPERED, UNREADABLE, Report
from server.audit.ledger.offline.partials import check_partials
from server.audit.ledger.offline.sources import DirectorySource
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.server.audit.ledger.ledgers import (
    Ledger,
    audit_entries,
    line,
    member,
    own_entry,
    timestamp,
)
from tests.server.audit.ledger.offline.verifying import found, verify


def test_the_journal_has_to_be_that_of_the_tree(ledger: Ledger) -> None:
    path = "journal/0000000000000300"
    good = ledger.read(path) or b""
    report = verify(ledger)
    assert report.status() == GOOD
    ledger.write(path, good.replace(b"192.0.2.1", b"192.0.2.9"))
    assert any(finding.kind == "journal" for finding in verify(ledger).findings)
    edited = encode_frames([ledger.entries[300].replace(b"192.0.2.1", b"192.0.2.9"), *ledger.entries[301:400]])
    ledger.write(path, edited)
    assert found(verify(ledger)) == {("journal", 300, path)}
    ledger.write(path, encode_frames(ledger.entries[300:399]))
    assert found(verify(ledger)) == {("journal", 399, path)}
    ledger.write(path, encode_frames(ledger.entries[300:401]))
    assert found(verify(ledger)) == {("journal", 400, path)}
    ledger.write(path, encode_frames([*ledger.entries[300:350], *ledger.entries[351:401]]))
    assert found(verify(ledger)) == {("journal", 350, path)}
    (ledger.path / path).unlink()
    assert found(verify(ledger)) == {("journal", 300, "journal/0000000000000000")}


def test_the_newest_segment_may_go_on_and_may_not_end_early(ledger: Ledger) -> None:
    path = "journal/0000000000000400"
    good = ledger.read(path) or b""
    ledger.write(path, good + encode_frames(audit_entries(3)) + b"\0\0\0")
    report = verify(ledger)
    assert report.status() == GOOD
    assert "3 entries of the journal, which aren't in the tree yet" in report.not_established()
    ledger.write(path, good[:-1])
    assert found(verify(ledger)) == {("journal", 699, path)}
    shutil.rmtree(ledger.path / "journal")
    assert verify(ledger).status() == GOOD


def test_a_journal_full_of_holes_is_given_up(ledger: Ledger) -> None:
    """Each hole has places at which a long frame might stand, and costs a search."""
    path = "journal/0000000000000400"
    hole = b"\0\0\xff\xff" * 30
    pending = b"".join(hole + encode_frames([entry]) for entry in ledger.entries[400:])
    whole = encode_frames(ledger.entries[400:])
    ledger.write(path, whole + pending * 3)
    assert verify(ledger).status() == GOOD
    ledger.write(path, whole + pending * 4)
    (finding,) = verify(ledger).findings
    assert (finding.kind, finding.index, finding.file) == ("journal", 1700, path)
    assert "more than 1000 places" in finding.message


@pytest.mark.parametrize("segment", [True, False])
@pytest.mark.parametrize("stated", [True, False])
def test_what_the_journal_skips_is_stated_by_an_entry(tmp_path: Path, stated: bool, segment: bool) -> None:
    ledger = Ledger(tmp_path / "log")
    torn = encode_frames(audit_entries(4))[-30:]
    ledger.append(audit_entries(10))
    file = ledger.path / "journal/0000000000000000"
    offset = file.stat().st_size
    file.write_bytes(file.read_bytes() + torn)
    digest = sha256(torn).hexdigest()
    event = own_entry(10, "recovered", segment=0, offset=offset, skipped_bytes=len(torn), sha256=digest)
    ledger.append([event] if stated else [own_entry(10, "opened")])
    ledger.append([own_entry(11, "closed")], segment=segment)
    ledger.sign()
    assert found(verify(ledger)) == (set() if stated else {("journal", 0, "journal/0000000000000000")})


def test_what_the_journal_skips_may_be_stated_by_an_entry_that_is_not_signed_yet(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "log").append(audit_entries(10))
    file = ledger.path / "journal/0000000000000000"
    event = own_entry(11, "recovered", segment=0, offset=file.stat().st_size, skipped_bytes=4, sha256="0" * 64)
    file.write_bytes(file.read_bytes() + b"torn")
    ledger.append([own_entry(10, "closed")])
    ledger.sign()
    assert found(verify(ledger)) == {("journal", 0, "journal/0000000000000000")}
    file.write_bytes(file.read_bytes() + encode_frames([event]))
    assert found(verify(ledger)) == set()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([0, 1, 2], None), ([0, 2], 1), ([0, 1, 1], 2), ([1], 0), ([0, 1, 0], 2)],
)
def test_numbers_of_a_run(tmp_path: Path, numbers: list[int], expected: int | None) -> None:
    entries = [line({"type": "request", "ledger": {"worker": 0, "run": "a", "n": number}}) for number in numbers]
    ledger = Ledger(tmp_path / "log").append(entries)
    ledger.sign()
    assert found(verify(ledger)) == (set() if expected is None else {("sequence", expected, None)})


@pytest.mark.parametrize(
    ("seconds", "kinds"), [(0, set()), (100, set()), (-0.5, set()), (-3, {"time"}), (-100_000, {"time"})]
)
def test_a_clock_that_was_set_back_within_a_run(tmp_path: Path, seconds: float, kinds: set[str]) -> None:
    later = 20 + int(seconds * 100)
    entries = [
        line({"time": timestamp(0), "type": "request", "ledger": member(0)}),
        line({"time": timestamp(later), "type": "request", "ledger": {**member(20), "n": 1}}),
    ]
    ledger = Ledger(tmp_path / "log").append(entries)
    ledger.sign()
    assert {str(finding.kind) for finding in verify(ledger).findings} == kinds


def test_a_monotonic_clock_that_falls_back(tmp_path: Path) -> None:
    entries = [line({"ledger": {"worker": 0, "run": "a", "n": n, "mono_ns": 5 - n}}) for n in range(2)]
    ledger = Ledger(tmp_path / "log").append(entries)
    ledger.sign()
    assert found(verify(ledger)) == {("time", 1, None)}


@pytest.mark.parametrize("place", ["data", "entry"])
def test_large_bodies(tmp_path: Path, place: str) -> None:
    """In place of the data, or, where the rest is too long as well, of nearly all of the entry."""
    body = b'{"type":"request","request":{"data":{"plaintext":"' + b"x" * 70_000 + b'"}}}'
    name = sha256(body).hexdigest()
    large = {"large": {"sha256": name, "size": len(body)}}
    request = {"id": "a", **({"data": large} if place == "data" else {})}
    entry = line({"type": "request", "request": request, **(large if place == "entry" else {}), "ledger": member(0)})
    ledger = Ledger(tmp_path / "log").append([entry])
    ledger.sign()
    expected = {("large", 0, f"large/{name}")}
    assert found(verify(ledger)) == expected
    ledger.write(f"large/{name}", body)
    assert verify(ledger).status() == GOOD
    for changed in (body[:-1], body + b"x", body.replace(b"xx", b"xy", 1), b""):
        ledger.write(f"large/{name}", changed)
        assert found(verify(ledger)) == expected


def test_logs_of_others_are_verified_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "log", journal=False)
    ledger.append([b"", b"\0\xff", b"[1,2]", b'{"ledger":5}', b'{"time":7}', b"[" * 5000, b'{"n":1e999}'] * 50)
    ledger.sign()
    assert verify(ledger).status() == GOOD


def test_what_cannot_be_read(tmp_path: Path, ledger: Ledger) -> None:
    assert verify_directory(tmp_path / "nowhere", Request()).status() == UNREADABLE
    (ledger.path / "checkpoint").unlink()
    report = verify(ledger)
    assert (report.status(), report.unreadable) == (UNREADABLE, "checkpoint is missing")
    for content in (b"", b"nonsense", b"\xff" * 100, b"a\n1\n\n"):
        ledger.write("checkpoint", content)
        assert found(verify(ledger)) == {("signature", None, "checkpoint")}


def test_nothing_but_plain_files_is_opened(ledger: Ledger, tmp_path: Path) -> None:
    """Links may lead anywhere, pipes never end; a sparse file is as long as it likes."""
    secret = tmp_path / "secret"
    secret.write_bytes((ledger.path / "tile/0/001").read_bytes())
    for path, kind in (("tile/0/001", "tile"), ("tile/entries/001", "entry"), ("checkpoint", "signature")):
        content = ledger.read(path) or b""
        file = ledger.path / path
        for make_special in (lambda file: file.symlink_to(secret), os.mkfifo, sparse):
            file.unlink()
            make_special(file)
            report = verify(ledger)
            assert (str(report.findings[0].kind), report.findings[0].file) == (kind, path)
        ledger.write(path, content)
    for folder in ("checkpoints", "journal"):
        (ledger.path / folder).rename(tmp_path / folder)
        (ledger.path / folder).symlink_to(tmp_path / folder)
        report = verify(ledger)
        assert found(report) == {("journal" if folder == "journal" else "signature", None, folder)}
        (ledger.path / folder).unlink()
    (ledger.path / "ns").symlink_to(tmp_path)
    assert found(verify(ledger)) == {("tenant", None, "ns")}
    (ledger.path / "ns").unlink()
    assert verify(ledger).status() == GOOD
    (ledger.path / "tile").rename(tmp_path / "tile")
    (ledger.path / "tile").symlink_to(tmp_path / "tile")
    assert verify(ledger).status() == TAMPERED


def sparse(file: Path) -> None:
    with file.open("wb") as content:
        content.truncate(10**12)


def test_a_made_up_size_ends_soon(ledger: Ledger) -> None:
    content = ledger.read("checkpoint") or b""
    ledger.write("checkpoint", content.replace(b"\n700\n", b"\n9223372036854775807\n"))
    report = verify(ledger)
    assert report.status() == TAMPERED
    assert len(report.findings) < 2000


def test_many_findings_are_counted(large_ledger: Ledger, tmp_path: Path) -> None:
    ledger = large_ledger.copy(tmp_path / "log")
    shutil.rmtree(ledger.path / "journal")
    bundle = decode_bundle(ledger.read("tile/entries/003") or b"", 256)
    ledger.write("tile/entries/003", encode_bundle(bundle[::-1]))
    report = verify(ledger)
    assert sum(finding.kind == "entry" for finding in report.findings) == 100
    assert "156 more findings of the kind entry aren't listed" in report.not_established()


class Replacing(DirectorySource):
    """A directory in which a server at work removes the file ``gone`` once it is listed."""

    def __init__(self, path: Path, gone: str) -> None:
        super().__init__(path)
        self.gone = gone

    def read(self, path: str, limit: int) -> bytes | None:
        return None if path == self.gone else super().read(path, limit)


def test_a_file_of_an_earlier_size_may_go_while_its_folder_is_read(ledger: Ledger) -> None:
    size = ledger.writer.size
    gone = f"tile/0/002.p/{size % 256 - 1}"
    ledger.write(gone, b"not its beginning")
    report = Report()
    source = Replacing(ledger.path, gone)
    check_partials(source, size, report)
    source.close()
    assert report.findings == []
    source = Replacing(ledger.path, "")
    check_partials(source, size, report)
    source.close()
    assert [finding.file for finding in report.findings] == [gone]
