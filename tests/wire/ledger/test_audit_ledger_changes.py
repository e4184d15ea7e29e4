"""Changes of an audit ledger: keys that take over, and entries that go to an archive."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.notes import parse_note
from server.audit.ledger.log.policy import check_signatures, parse_policy
from server.audit.ledger.offline.findings import WEAKER
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.support.ledger_load import Load, await_size, check_once, entries_of, verified
from tests.support.products import Product
from tests.support.servers import Server
from tests.support.waiting import wait_until


def _signatures(log: Path, policy: bytes) -> list[bool]:
    """Which of the checkpoint's signatures are good by ``policy``; those of keys that it lacks count as not."""
    _, note = parse_checkpoint((log / "checkpoint").read_bytes())
    return [one.valid for one in check_signatures(note, parse_policy(policy))]


def test_new_keys_sign_beside_the_old_ones_and_then_alone(server: Server, log: Path, tmp_path: Path) -> None:
    await_size(log, 6)
    before = (log / "policy").read_bytes()
    loads = [Load(server) for _ in range(2)]
    for load in loads:
        load.start()
    made = server.request("POST", "sys/audit-ledger/rotate", {"overlap": "1s"}).data()
    assert not set(made["verifier_keys"]) & {line.split()[-1] for line in before.decode().splitlines()}
    wait_until(lambda: _signatures(log, before) == [False, False])
    acknowledged = [ident for load in loads for ident in load.stop()]
    for _ in range(2):
        server.stop()
        verified(log)
        server.start()
        server.unseal()
    check_once(log, acknowledged)
    (rotated,) = [entry for entry in entries_of(log) if entry.get("event") == "rotated"]
    assert rotated["new"] == made["verifier_keys"]
    assert rotated["overlap_seconds"] == 1
    assert 4 in [len(parse_note(kept.read_bytes()).signatures) for kept in (log / "checkpoints").iterdir()]
    assert [f"log {key}" for key in rotated["old"]] == before.decode().splitlines()[:2]
    report = verify_directory(log, Request(policy=parse_policy(before)))
    assert report.status() == 0, "who has the old keys alone is led to the new ones"
    assert [rotation["new"] for rotation in report.rotations] == [rotated["new"]]
    keys = server.request("GET", "sys/audit-ledger/status").data()["verifier_keys"]
    assert keys == [*rotated["new"], *rotated["old"]], "old checkpoints still verify"
    (tmp_path / "before").write_bytes(before)
    command = [*Product.CRYPTOSERVE.command(), "audit", "export", server.address, f"-policy={tmp_path / 'before'}"]
    environment = {**os.environ, "BAO_TOKEN": server.root_token}
    exported = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert exported.returncode == 0, exported.stderr


@pytest.mark.parametrize("overlap", ["0s", "367d", "soon"])
def test_overlaps_that_are_refused(server: Server, overlap: str) -> None:
    assert server.request("POST", "sys/audit-ledger/rotate", {"overlap": overlap}).status == 400


def test_pruned_entries_go_to_the_archive_and_proofs_of_the_others_stay(
    server: Server, log: Path, tmp_path: Path
) -> None:
    asked = [
        server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).json()["request_id"] for _ in range(400)
    ]
    long = {"batch_input": [{"plaintext": "eA=="}] * 3000}
    server.request("POST", "transit/encrypt/k", long).data()
    await_size(log, 808)
    bundle = (log / "tile/entries/000").read_bytes()
    archive = tmp_path / "archive"
    wanted = {"below": 700, "archive": str(archive)}
    for body, text in (
        ({"below": 255, "archive": str(archive)}, "below is more than"),
        ({"below": 100_000, "archive": str(archive)}, "at most the size of the log"),
        ({"below": 512}, "archive is an absolute path"),
        ({"below": 512, "archive": str(log / "archive")}, "outside of the ledger's directory"),
        ({"below": 512, "archive": str(tmp_path / "server")}, "new, empty, or has earlier entries"),
    ):
        answer = server.request("POST", "sys/audit-ledger/prune", body)
        assert answer.status == 400
        assert text in answer.json()["errors"][0]
    assert server.request("POST", "sys/audit-ledger/prune", wanted).data() == {"below": 512}
    assert not (log / "tile/entries/000").exists()
    assert not (log / "tile/0/001").exists()
    assert (archive / "tile/entries/000").read_bytes() == bundle
    assert server.request("GET", f"sys/audit-ledger/proof?request_id={asked[0]}").status == 404
    assert len(server.request("GET", f"sys/audit-ledger/proof?request_id={asked[-1]}").data()["entries"]) == 2
    found = server.request("POST", "sys/audit-ledger/query", {"path_prefix": "transit/encrypt", "limit": 1}).data()
    assert found["entries"][0]["index"] >= 512
    server.stop()
    policy = parse_policy((log / "policy").read_bytes())
    assert verify_directory(log, Request(policy=policy)).status() == WEAKER
    report = verify_directory(log, Request(policy=policy, first=512))
    assert report.status() == 0, report.as_json()
    server.start()
    server.unseal()
    assert server.request("POST", "transit/encrypt/k", {"plaintext": "eA=="}).status == 200
    assert server.stop() == 0
    assert verify_directory(log, Request(policy=policy, first=512)).status() == 0
