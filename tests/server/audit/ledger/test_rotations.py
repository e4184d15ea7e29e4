"""The way from a policy with old keys alone to a log's present ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.publishing import Publisher
from server.audit.ledger.device.state import LedgerState, LogKeys, new_keys
from server.audit.ledger.log.keys import NoteSigner
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.offline.findings import GOOD, TAMPERED, Report
from server.audit.ledger.offline.verify import Kept, Request, verify_directory
from tests.server.audit.ledger.ledgers import ORIGIN, START, Ledger, audit_entries, own_entry, policy_text, signers

OVERLAP = 60


def policy_of(keys: list[NoteSigner]) -> Request:
    return Request(policy=parse_policy(policy_text(keys).encode()))


def rotated(ledger: Ledger, old: list[NoteSigner], new: list[NoteSigner]) -> int:
    """Append the entry that names ``new``; its index."""
    index = len(ledger.entries)
    names = [[str(key.verifier) for key in keys] for keys in (old, new)]
    ledger.append([own_entry(index, "rotated", old=names[0], new=names[1], overlap_seconds=OVERLAP)])
    return index


def grown(path: Path, *generations: list[NoteSigner], keep: bool = True, seconds: int = 3) -> tuple[Ledger, list[int]]:
    """A log whose keys were changed, each time with a checkpoint that both have signed."""
    ledger = Ledger(path, keys=list(generations[0]))
    ledger.append(audit_entries(300))
    indices = []
    for old, new in pairwise(generations):
        indices.append(rotated(ledger, old, new))
        ledger.append([own_entry(len(ledger.entries), "opened")])
        ledger.sign(*old, *new, keep=keep, time=START + indices[-1] // 100 + seconds)
        ledger.append([own_entry(len(ledger.entries), "closed")])
    ledger.sign(*generations[-1], time=START + 500)
    return ledger, indices


def followed(report: Report) -> list[int]:
    return [int(rotation["index"]) for rotation in report.rotations]


def test_one_old_policy_leads_over_several_rotations(tmp_path: Path) -> None:
    first, second, third = signers(), signers(seed=80), signers(seed=90)
    ledger, indices = grown(tmp_path / "log", first, second, third)
    report = verify_directory(ledger.path, policy_of(first))
    assert (report.status(), report.findings) == (GOOD, [])
    assert followed(report) == indices
    assert report.as_json()["rotations"][-1] == {"index": indices[1], "new": [str(key.verifier) for key in third]}
    later = verify_directory(ledger.path, policy_of(second))
    assert (later.status(), followed(later)) == (GOOD, indices[1:])
    newest = verify_directory(ledger.path, policy_of(third))
    assert (newest.status(), followed(newest)) == (GOOD, [])


@pytest.mark.parametrize("kept", [False, True])
def test_without_a_checkpoint_that_both_have_signed_there_is_no_way(tmp_path: Path, kept: bool) -> None:
    first, second = signers(), signers(seed=80)
    ledger, indices = grown(tmp_path / "log", first, second, keep=False)
    request = policy_of(first)
    if kept:
        outside = Ledger(tmp_path / "other").append(ledger.entries[: indices[0] + 2])
        request = Request(request.policy, [Kept("kept", outside.sign(*first, *second, time=START + 3))])
    report = verify_directory(ledger.path, request)
    assert report.status() == (GOOD if kept else TAMPERED)
    assert followed(report) == (indices if kept else [])


def test_old_keys_vouch_for_no_others_after_their_time(tmp_path: Path) -> None:
    ledger, _ = grown(tmp_path / "log", signers(), signers(seed=80), seconds=OVERLAP + 5)
    assert verify_directory(ledger.path, policy_of(signers())).status() == TAMPERED


def test_each_type_of_key_has_to_vouch(tmp_path: Path) -> None:
    first, second = signers(), signers(seed=80)
    ledger, _ = grown(tmp_path / "log", first, second, keep=False)
    name = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert "checkpoints" not in name
    size = len(ledger.entries) - 1
    part = Ledger(tmp_path / "part").append(ledger.entries[:size])
    ledger.write(f"checkpoints/{size}", part.sign(first[0], *second, time=START + 3))
    assert verify_directory(ledger.path, policy_of(first)).status() == TAMPERED
    assert verify_directory(ledger.path, policy_of(first[:1])).status() == GOOD, "whose policy has no other"


def test_a_checkpoint_of_another_history_vouches_for_nothing(tmp_path: Path) -> None:
    first, second = signers(), signers(seed=80)
    ledger, indices = grown(tmp_path / "log", first, second, keep=False)
    fork = Ledger(tmp_path / "fork").append(ledger.entries[: indices[0]]).append([b"{}", b"{}"])
    ledger.write(f"checkpoints/{indices[0] + 2}", fork.sign(*first, time=START + 3))
    report = verify_directory(ledger.path, policy_of(first))
    assert (report.status(), followed(report)) == (TAMPERED, [])


def test_what_a_publisher_keeps_shows_the_way(tmp_path: Path) -> None:
    directory = LedgerDirectory(tmp_path)
    directory.make()
    keys = LogKeys(new_keys())
    publisher = Publisher(directory, ORIGIN)
    time = START * 1_000_000_000

    def publish(size: int) -> None:
        publisher.use(keys)
        state = LedgerState(ORIGIN, size, bytes(32), time=time)
        publisher.publish(state, publisher.sign(state))

    def kept() -> list[int]:
        return sorted(int(path.name) for path in (tmp_path / "checkpoints").iterdir())

    for size in (5, 6, 7):
        publish(size)
    assert kept() == [5]
    keys = LogKeys(keys.present, new_keys()).promoted(time + 1)
    for size in (8, 9, 10, 11):
        publish(size)
    assert kept() == [5, 8, 9]
