"""Signatures, keys and kept checkpoints of a log under verification."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.keys import NoteSigner, SignatureType
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.offline.findings import GOOD, TAMPERED, WEAKER
from server.audit.ledger.offline.verify import Kept
from tests.server.audit.ledger.ledgers import (
    START,
    Ledger,
    audit_entries,
    own_entry,
    policy_text,
    signers,
)
from tests.server.audit.ledger.offline.verifying import CHANGES, flip, found, rebuild, verify


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
