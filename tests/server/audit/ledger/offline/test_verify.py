"""Logs that are good, and every way in which one may have been tampered with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.frames import encode_frames
from server.audit.ledger.log.keys import NoteSigner, SignatureType
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.log.tiles import decode_bundle, encode_bundle
from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.offline.findings import GOOD, TAMPERED, UNREADABLE, WEAKER, Report
from server.audit.ledger.offline.verify import Kept, Request, verify_directory
from tests.server.audit.ledger.ledgers import (
    ORIGIN,
    START,
    Ledger,
    audit_entries,
    line,
    make,
    member,
    own_entry,
    policy_text,
    signers,
    timestamp,
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


def test_an_old_state_put_back_is_told_by_a_kept_checkpoint_alone(ledger: Ledger) -> None:
    newest = ledger.read("checkpoint")
    assert newest is not None
    shutil.rmtree(ledger.path / "journal")
    ledger.write("checkpoint", ledger.read("checkpoints/400") or b"")
    report = verify(ledger)
    assert (report.status(), report.size) == (GOOD, 400)
    assert any("newest state" in sentence for sentence in report.not_established())
    report = verify(ledger, kept=[Kept("kept", newest)])
    assert report.status() == TAMPERED
    assert found(report) == {("rolled-back", 400, None)}


def test_a_fork_is_told_by_a_kept_checkpoint(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other")
    other.append(CHANGES["edit"](ledger.entries))
    other.sign()
    for kept in ("checkpoint", "checkpoints/400"):
        report = verify(other, kept=[Kept(kept, ledger.read(kept) or b"")])
        assert report.status() == TAMPERED
        assert found(report) == {("forked", None, None)}
        assert verify(ledger, kept=[Kept(kept, ledger.read(kept) or b"")]).status() == GOOD


def test_kept_checkpoints_of_the_directory_count(ledger: Ledger) -> None:
    shutil.rmtree(ledger.path / "journal")
    rebuild(ledger, CHANGES["edit"](ledger.entries), 2)
    ledger.writer = TreeWriter()
    ledger.writer.append(CHANGES["edit"](ledger.entries))
    ledger.sign()
    assert found(verify(ledger)) == {("forked", None, "checkpoints/400")}
    ledger.edit("checkpoints/400", flip(-30))
    assert ("signature", None, "checkpoints/400") in found(verify(ledger))


def test_a_kept_checkpoint_of_the_directory_is_the_one_that_its_name_says(ledger: Ledger) -> None:
    ledger.write("checkpoints/300", ledger.read("checkpoints/400") or b"")
    assert found(verify(ledger)) == {("signature", None, "checkpoints/300")}


@pytest.mark.parametrize("place", [0, 1])
def test_a_wrong_signature_of_a_known_key_is_tampering_although_the_other_is_good(ledger: Ledger, place: int) -> None:
    checkpoint, note = parse_checkpoint(ledger.read("checkpoint") or b"")
    signatures = list(note.signatures)
    signatures[place] = replace(signatures[place], signature=flip(-1)(signatures[place].signature))
    ledger.write("checkpoint", signed_note(checkpoint.text(), signatures))
    report = verify(ledger)
    assert (report.status(), found(report)) == (TAMPERED, {("signature", None, "checkpoint")})


def test_kept_checkpoints_that_are_none(ledger: Ledger) -> None:
    report = verify(ledger, kept=[Kept("kept", b"nonsense")])
    assert (report.status(), [str(finding.kind) for finding in report.findings]) == (TAMPERED, ["signature"])
    strangers = signers(seed=50)
    kept = Ledger(ledger.path.parent / "kept").append(ledger.entries).sign(*strangers)
    report = verify(ledger, kept=[Kept("kept", kept)])
    assert report.status() == WEAKER


def test_signatures_that_are_missing_or_wrong(ledger: Ledger) -> None:
    first, second = ledger.keys
    for key, name in ((first, "ML-DSA-44"), (second, "Ed25519")):
        ledger.sign(key)
        report = verify(ledger)
        assert report.status() == WEAKER
        assert any(name in sentence for sentence in report.weaker)
    ledger.sign(*signers(seed=60))
    report = verify(ledger)
    assert found(report) == {("signature", None, "checkpoint")}
    assert {signature["status"] for signature in report.signatures} == {"unknown"}
    ledger.sign(first, second, NoteSigner.from_seed("stranger.example", SignatureType.ED25519, bytes(32)))
    assert verify(ledger).status() == GOOD


def test_without_a_policy_the_directory_vouches_for_itself(ledger: Ledger) -> None:
    report = verify(ledger, policy=None)
    assert report.status() == WEAKER
    assert any("vouches for itself" in sentence for sentence in report.weaker)
    (ledger.path / "policy").unlink()
    assert verify(ledger, policy=None).status() == WEAKER
    ledger.write("policy", b"nonsense")
    assert found(verify(ledger, policy=None)) == {("signature", None, "policy")}


def test_a_quorum_of_witnesses(ledger: Ledger) -> None:
    witnesses = [
        NoteSigner.from_seed(f"w{number}.example", kind, bytes([number]) * 32)
        for number, kind in ((70, SignatureType.ED25519_COSIGNATURE), (71, SignatureType.ML_DSA_44_COSIGNATURE))
    ]
    lines = [f"witness w{number} {witness.verifier}" for number, witness in enumerate(witnesses)]
    policy = parse_policy(policy_text(ledger.keys, *lines, "group both all w0 w1", "quorum both").encode())
    ledger.sign(*ledger.keys, *witnesses)
    report = verify(ledger, policy=policy)
    assert report.status() == GOOD
    assert not any("newest state" in sentence for sentence in report.not_established())
    assert any("what was signed since 2027-01-15 08:00:07 UTC" in sentence for sentence in report.not_established())
    ledger.sign(*ledger.keys, witnesses[0])
    report = verify(ledger, policy=policy)
    assert report.status() == WEAKER
    assert report.weaker == ["the quorum both of witnesses hasn't signed the checkpoint"]


@pytest.mark.parametrize(("seconds", "overlap", "status"), [(10, 60, GOOD), (70, 60, TAMPERED)])
def test_a_key_that_was_rotated_away(tmp_path: Path, seconds: int, overlap: int, status: int) -> None:
    """The old keys alone have signed a tree that has the entry of their end, so and so long after it."""
    new = signers(seed=80)
    ledger = Ledger(tmp_path / "log")
    old = [str(key.verifier) for key in ledger.keys]
    ledger.append(audit_entries(300))
    rotated = own_entry(
        300, "rotated", old=old, new=[str(key.verifier) for key in new], overlap_seconds=overlap
    )  # fmt: skip
    ledger.append([rotated])
    policy = parse_policy(policy_text([*ledger.keys, *new]).encode())
    ledger.sign(time=START + 3, keep=True)
    before = verify(ledger, policy=policy)
    assert {signature["status"] for signature in before.signatures} == {"valid"}
    ledger.append([own_entry(301, "closed")])
    ledger.sign(*new, time=START + 3 + seconds)
    assert verify(ledger, policy=policy).status() == GOOD
    younger = verify(ledger, policy=parse_policy(policy_text(new).encode()))
    assert younger.status() == GOOD
    ledger.sign(time=START + 3 + seconds)
    report = verify(ledger, policy=policy)
    assert report.status() == status
    expected = "valid" if status == GOOD else "rotated"
    assert [signature["status"] for signature in report.signatures] == [expected, expected]


@pytest.mark.parametrize("index", [5, 9])
def test_an_entry_cannot_take_the_policys_keys_away(tmp_path: Path, index: int) -> None:
    """A forged log says that the keys that are believed were rotated away, and is signed with others."""
    forger = signers(seed=110)
    old, new = ([str(key.verifier) for key in keys] for keys in (signers(), forger))
    entries = audit_entries(10)
    entries[index] = own_entry(index, "rotated", old=old, new=new, overlap_seconds=0)
    ledger = Ledger(tmp_path / "log").append(entries)
    ledger.sign(*forger)
    assert found(verify(ledger)) == {("signature", None, "checkpoint")}
    ledger.sign(*forger, keep=True)
    assert ("signature", None, "checkpoint") in found(verify(ledger))


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
    frames = [hole + encode_frames([entry]) for entry in ledger.entries[400:]]
    ledger.write(path, b"".join(frames))
    assert verify(ledger).status() == GOOD
    ledger.write(path, b"".join(frames * 4))
    (finding,) = verify(ledger).findings
    assert (finding.kind, finding.index, finding.file) == ("journal", 1400, path)
    assert "more than 1000 places" in finding.message


@pytest.mark.parametrize("stated", [True, False])
def test_what_the_journal_skips_is_stated_by_an_entry(tmp_path: Path, stated: bool) -> None:
    ledger = Ledger(tmp_path / "log")
    torn = encode_frames(audit_entries(4))[-30:]
    ledger.append(audit_entries(10))
    file = ledger.path / "journal/0000000000000000"
    offset = file.stat().st_size
    file.write_bytes(file.read_bytes() + torn)
    digest = sha256(torn).hexdigest()
    event = own_entry(10, "recovered", segment=0, offset=offset, skipped_bytes=len(torn), sha256=digest)
    ledger.append([event] if stated else [own_entry(10, "opened")])
    ledger.append([own_entry(11, "closed")], segment=True)
    ledger.sign()
    assert found(verify(ledger)) == (set() if stated else {("journal", 0, "journal/0000000000000000")})


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
