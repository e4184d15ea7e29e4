"""The way from a policy with old keys alone to a log's present ones."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from cryptoserve_cli.dispatch import run_command
from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.publishing import Publisher
from server.audit.ledger.device.state import LedgerState, LogKeys, new_keys
from server.audit.ledger.log.keys import NoteSigner
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.log.proof_text import parse_proof
from server.audit.ledger.offline.findings import GOOD, TAMPERED, Report
from server.audit.ledger.offline.verify import Kept, Request, verify_directory
from tests.server.audit.ledger.ledgers import (
    ORIGIN,
    START,
    Ledger,
    audit_entries,
    line,
    own_entry,
    pair,
    policy_text,
    signers,
    timestamp,
)

OVERLAP = 60


def policy_of(keys: list[NoteSigner]) -> Request:
    return Request(policy=parse_policy(policy_text(keys).encode()))


def rotated(ledger: Ledger, old: list[NoteSigner], new: list[NoteSigner]) -> int:
    """Append the entry that names ``new``; its index."""
    index = len(ledger.entries)
    names = [[str(key.verifier) for key in keys] for keys in (old, new)]
    ledger.write("policy", policy_text(new).encode() + (ledger.read("policy") or b"").replace(b"quorum none\n", b""))
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


def test_an_entry_that_ends_one_type_of_key_alone_leads_nowhere(tmp_path: Path) -> None:
    """As by an attacker who can forge Ed25519 alone, and would bring keys of both types."""
    first, second = signers(), signers(seed=80)
    ledger = Ledger(tmp_path / "log", keys=first).append(audit_entries(300))
    rotated(ledger, first[:1], second)
    ledger.sign(first[0], keep=True)
    ledger.append([own_entry(len(ledger.entries), "closed")]).sign(*second)
    report = verify_directory(ledger.path, policy_of(first))
    assert (report.status(), followed(report)) == (TAMPERED, [])


def run(*arguments: object) -> int:
    return run_command(["audit", *map(str, arguments)], {})


@pytest.fixture
def policies(tmp_path: Path) -> dict[str, Path]:
    """Policy files with the keys of each generation, and with those of all."""
    generations = {"first": signers(), "second": signers(seed=80), "third": signers(seed=90)}
    generations["all"] = [key for keys in generations.values() for key in keys]
    for name, keys in generations.items():
        (tmp_path / name).write_text(policy_text(keys))
    return {name: tmp_path / name for name in generations}


REQUEST = json.loads(audit_entries(300)[256])["request"]["id"]


def test_proofs_and_queries_follow_rotations(tmp_path: Path, policies: dict[str, Path]) -> None:
    ledger, indices = grown(tmp_path / "log", signers(), signers(seed=80), signers(seed=90))
    out = tmp_path / "proofs"
    # Without a policy too: the one who is given the proof may have an old one.
    assert run("prove", ledger.path, "-request-id", REQUEST, "-out", out) == 0
    chain = [f"rotated-{index}.tlog-proof" for index in indices]
    assert sorted(path.name for path in out.iterdir()) == ["request.tlog-proof", "response.tlog-proof", *chain]
    for name in ("first", "second", "third", "all"):
        assert run("query", ledger.path, "-request-id", REQUEST, "-policy", policies[name]) == 0
        assert run("prove", ledger.path, "-request-id", REQUEST, "-out", out, "-policy", policies[name]) == 0
        assert run("verify-proof", out / "request.tlog-proof", "-policy", policies[name]) == 0
    (tmp_path / "others").write_text(policy_text(signers(seed=120)))
    for command in (["query", ledger.path], ["verify-proof", out / "request.tlog-proof"]):
        assert run(*command, "-policy", tmp_path / "others") == 1
    alone = tmp_path / "request.tlog-proof"
    (out / "request.tlog-proof").rename(alone)
    assert run("verify-proof", alone, "-policy", policies["first"]) == 1
    given = [f"-rotated={out / name}" for name in chain]
    assert run("verify-proof", alone, "-policy", policies["first"], given[0]) == 1
    assert run("verify-proof", alone, "-policy", policies["first"], *given) == 0


def test_only_what_a_proof_proves_leads_to_newer_keys(tmp_path: Path, policies: dict[str, Path]) -> None:
    ledger, indices = grown(tmp_path / "log", signers(), signers(seed=80))
    out = tmp_path / "proofs"
    assert run("prove", ledger.path, "-request-id", REQUEST, "-out", out) == 0
    file = out / f"rotated-{indices[0]}.tlog-proof"
    good = parse_proof(file.read_bytes())
    assert good.extra is not None
    verify = "verify-proof", out / "request.tlog-proof", "-policy", policies["first"]
    for forged in (replace(good, extra=good.extra + b" "), replace(good, extra=None), replace(good, index=299)):
        file.write_text(str(forged))
        assert run(*verify) == 1
    file.write_text(str(good))
    assert run(*verify) == 0
    file.write_text("nonsense")
    assert run(*verify) == 2


def test_a_kept_checkpoint_leads_where_the_log_has_none(tmp_path: Path, policies: dict[str, Path]) -> None:
    first, second = signers(), signers(seed=80)
    ledger, indices = grown(tmp_path / "log", first, second, keep=False)
    kept = tmp_path / "kept"
    kept.write_bytes(Ledger(tmp_path / "o").append(ledger.entries[: indices[0] + 2]).sign(*first, time=START + 3))
    for command in (["query"], ["export", "-to", tmp_path / "to"], ["prove", "-request-id", REQUEST, "-out", tmp_path]):
        assert run(command[0], ledger.path, *command[1:], "-policy", policies["first"]) == 1
        assert run(command[0], ledger.path, *command[1:], "-policy", policies["first"], "-kept", kept) == 0
    assert (tmp_path / f"rotated-{indices[0]}.tlog-proof").is_file()


@pytest.mark.parametrize(("seconds", "status"), [(OVERLAP - 5, 0), (OVERLAP + 5, 1)])
@pytest.mark.parametrize("timed", [True, False])
def test_a_key_that_was_rotated_away_counts_until_its_overlap_is_over(
    tmp_path: Path, policies: dict[str, Path], seconds: int, status: int, timed: bool
) -> None:
    """By the time of a signature, or, where Ed25519 states none, of the newest entry."""
    first, second = signers(), signers(seed=80)
    ledger = Ledger(tmp_path / "log", keys=first).append(audit_entries(300))
    index = rotated(ledger, first, second)
    ledger.append([own_entry(301, "closed")]).sign(*first, keep=True, time=START + 3)
    known, out = tmp_path / "known", tmp_path / "proofs"
    assert run("prove", ledger.path, "-request-id", REQUEST, "-out", known, "-policy", policies["first"]) == 0
    late = line({**json.loads(pair(302)[0]), "time": timestamp(100 * seconds if not timed else 302)})
    if not timed:
        policies["all"].write_text(policy_text([first[0], second[0]]))
    ledger.append([late]).sign(*(first if timed else first[:1]), time=START + seconds + 3)
    request = json.loads(late)["request"]["id"]
    cursor = tmp_path / "cursor"
    for _ in range(2):
        export = ["export", ledger.path, "-to", tmp_path / "to", "-cursor", cursor]
        assert run(*export, "-policy", policies["all"]) == status
    if status == 0:
        assert json.loads(cursor.read_text())["rotated"] == [index]
    assert run("query", ledger.path, "-request-id", request, "-policy", policies["all"]) == status
    assert run("prove", ledger.path, "-request-id", request, "-out", out) == 0
    proof = out / "request.tlog-proof"
    assert run("verify-proof", proof, "-policy", policies["all"]) == status
    for path in out.glob("rotated-*"):
        path.unlink()
    assert run("verify-proof", proof, "-policy", policies["all"]) == 0, "without the entry, this can't be known"
    assert run("verify-proof", proof, "-policy", policies["all"], f"-rotated={next(known.glob('rotated-*'))}") == status


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
