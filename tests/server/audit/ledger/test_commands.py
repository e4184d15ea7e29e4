"""The commands of ``cryptoserve audit``: what they print, and with which status they end."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cryptoserve_cli.dispatch import run_command
from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.keys import NoteSigner, SignatureType
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.proof_text import parse_proof
from tests.server.audit.ledger.ledgers import Ledger, audit_entries, line, make, member, policy_text, signers
from tests.server.audit.ledger.offline.verifying import CHANGES, flip, rebuild

REQUEST = json.loads(audit_entries(400)[300])["request"]["id"]


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy"
    path.write_text(policy_text(signers()))
    return str(path)


class Ran:
    """What a command did."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        self.status = run_command(["audit", *map(str, arguments)], {})
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def test_verify(ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "verify", ledger.path, "--policy", policy, "--kept", ledger.path / "checkpoints/400")
    assert (ran.status, ran.err) == (0, "")
    assert "good: the log is as it was signed" in ran.out
    assert "newest state" in ran.out
    assert Ran(capsys, "verify", ledger.path).status == 3
    ledger.edit("tile/entries/001", flip(100))
    ran = Ran(capsys, "verify", ledger.path, f"--policy={policy}", "--format", "json")
    assert ran.status == 1
    assert ran.json.keys() == {"origin", "size", "root", "signatures", "findings", "not_established"}
    assert [(finding["kind"], finding["index"], finding["file"]) for finding in ran.json["findings"]] == [
        ("entry", 256, "tile/entries/001")
    ]
    ran = Ran(capsys, "verify", ledger.path, "--policy", policy)
    assert (ran.status, "FOUND   entry: " in ran.out) == (1, True)
    (ledger.path / "checkpoint").unlink()
    assert Ran(capsys, "verify", ledger.path).status == 2


def test_verify_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = []
    for number in range(2):
        origin = f"example.com/node/{number}"
        logs.append(
            Ledger(tmp_path / f"log{number}", origin, signers(origin, 10 * number + 1)).append(audit_entries(3))
        )
        logs[-1].sign()
    policy = tmp_path / "policy"
    policy.write_text(policy_text([*logs[0].keys, *logs[1].keys]))
    arguments = ["verify", *(log.path for log in logs), "--policy", policy, "--format", "json"]
    ran = Ran(capsys, *arguments, "--kept", logs[1].path / "checkpoint")
    assert (ran.status, [log["origin"] for log in ran.json["logs"]]) == (0, [log.origin for log in logs])
    logs[1].edit("tile/0/000.p/3", flip(0))
    ran = Ran(capsys, *arguments)
    assert (ran.status, len(ran.json["findings"])) == (1, 1)
    ran = Ran(capsys, "verify", logs[0].path, "--policy", policy, "--kept", logs[1].path / "checkpoint")
    assert (ran.status, ran.err.endswith("is a checkpoint of example.com/node/1\n")) == (2, True)


def test_verify_compares_the_copies_of_one_log(
    ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each by itself is as it was signed: only together they show that the log has told two histories."""
    shorter = Ledger(tmp_path / "shorter").append(ledger.entries[:300])
    shorter.sign()
    fork = Ledger(tmp_path / "fork").append([*ledger.entries[:290], b"{}", b"{}"])
    fork.sign()
    verify = ["verify", "-policy", policy, "-format=json"]
    assert Ran(capsys, *verify, shorter.path, ledger.path).status == 0
    ran = Ran(capsys, *verify, shorter.path, ledger.path, fork.path)
    assert ran.status == 1
    found = {(finding["kind"], finding["index"]) for finding in ran.json["findings"]}
    assert ("forked", 290) in found
    assert [len(log["findings"]) > 0 for log in ran.json["logs"]] == [False, True, True]
    assert Ran(capsys, *verify, fork.path).status == 0
    (shorter.path / "tile/0/001.p/44").unlink()
    ran = Ran(capsys, *verify, shorter.path, ledger.path)
    assert (ran.status, "have one history" in str(ran.json["not_established"])) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["verify"], ["verify", "/nowhere", "-from=x"], ["verify", "/nowhere", "-format=xml"], ["nonsense"],
        ["verify", "/nowhere"], ["verify", "/", "-policy=/nowhere"], ["verify", "/", "-kept=/nowhere"],
        ["compare", "/nowhere"], ["compare", "/nowhere", "/nowhere"], ["prove", "/nowhere"], ["query", "/nowhere"],
        ["query", "/", "-after=yesterday"], ["query", "/", "-success=maybe"], ["query", "/", "-limit=0"],
        ["verify-proof", "/nowhere"],
        ["prove", "/nowhere", "-request-id=a", "-out=b"], ["verify", "/", "-polcy=x"],
    ],
)  # fmt: skip
def test_mistakes_end_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    ran = Ran(capsys, *arguments)
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_compare(ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shorter = Ledger(tmp_path / "shorter").append(ledger.entries[:300])
    shorter.sign()
    assert Ran(capsys, "compare", ledger.path, shorter.path).status == 0
    assert Ran(capsys, "compare", shorter.path, ledger.path).status == 0
    for index in (0, 255, 256, 290, 299):
        shutil.rmtree(tmp_path / "fork", ignore_errors=True)
        fork = Ledger(tmp_path / "fork").append([*ledger.entries[:index], *ledger.entries[index + 1 :]])
        fork.sign()
        ran = Ran(capsys, "compare", ledger.path, fork.path, "--format", "json")
        assert (ran.status, ran.json["result"], ran.json["first_difference"]) == (1, "fork", index)
    other = Ledger(tmp_path / "other", "example.com/other").append(ledger.entries[:5])
    other.sign()
    ran = Ran(capsys, "compare", ledger.path, other.path, "--format=json")
    assert (ran.status, ran.json["result"]) == (2, "other-origins")
    fork.edit("tile/1/000.p/2", flip(0))
    assert Ran(capsys, "compare", ledger.path, fork.path).status == 2
    (fork.path / "checkpoint").unlink()
    assert Ran(capsys, "compare", ledger.path, fork.path).status == 2


def test_prove_and_verify_proof(
    ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "proofs"
    ran = Ran(capsys, "prove", ledger.path, "--request-id", REQUEST, "--out", out)
    assert ran.status == 0
    assert sorted(path.name for path in out.iterdir()) == ["request.tlog-proof", "response.tlog-proof"]
    for number, name in ((300, "request"), (301, "response")):
        file = out / f"{name}.tlog-proof"
        proof = parse_proof(file.read_bytes())
        assert (proof.index, proof.extra) == (number, ledger.entries[number])
        ran = Ran(capsys, "verify-proof", file, "--policy", policy)
        assert (ran.status, ran.out) == (0, f"good: entry {number} of example.com/ledger, in its first 700\n")
        ran = Ran(capsys, "verify-proof", file, "--policy", policy, "--format=json")
        assert (ran.status, ran.json["index"], ran.json["entry"].encode()) == (0, number, ledger.entries[number])
        entry = tmp_path / "entry"
        entry.write_bytes(ledger.entries[number])
        assert Ran(capsys, "verify-proof", file, "--entry", entry, "--policy", policy).status == 0
        entry.write_bytes(ledger.entries[number] + b" ")
        assert Ran(capsys, "verify-proof", file, "--entry", entry, "--policy", policy).status == 1
        good = file.read_bytes()
        for old, new in ((b"index 30", b"index 20"), (b"\n700\n", b"\n701\n")):
            file.write_bytes(good.replace(old, new))
            assert Ran(capsys, "verify-proof", file, "--policy", policy).status == 1
        file.write_bytes(good[:-1])
        assert Ran(capsys, "verify-proof", file, "--policy", policy).status == 2
    assert Ran(capsys, "prove", ledger.path, "--request-id", "unknown", "--out", out).status == 2
    ledger.edit("tile/entries/001", flip(9000))
    assert Ran(capsys, "prove", ledger.path, "--request-id", REQUEST, "--out", out).status == 1


def test_a_request_of_a_pruned_log_is_proved(
    large_ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = large_ledger.copy(tmp_path / "log")
    for number in range(100):
        (ledger.path / f"tile/entries/{number:03}").unlink()
        (ledger.path / f"tile/0/{number:03}").unlink()
    for index, status in ((100 * 256, 0), (69_998, 0), (99 * 256, 2)):
        request = json.loads(ledger.entries[index])["request"]["id"]
        ran = Ran(capsys, "prove", ledger.path, "--request-id", request, "--out", tmp_path / str(index))
        assert ran.status == status
        if status == 0:
            proof = tmp_path / str(index) / "request.tlog-proof"
            assert Ran(capsys, "verify-proof", proof, "--policy", policy).status == 0


def test_a_proof_is_judged_by_the_policy(
    ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Ran(capsys, "prove", ledger.path, "--request-id", REQUEST, "--out", tmp_path / "proofs")
    file = tmp_path / "proofs/request.tlog-proof"
    witness = NoteSigner.from_seed("w.example", SignatureType.ED25519_COSIGNATURE, bytes(32)).verifier
    texts = (policy_text(signers(seed=70)), policy_text(signers(), f"witness W {witness}", "quorum W"), "quorum none\n")
    for text in texts:
        Path(policy).write_text(text)
        assert Ran(capsys, "verify-proof", file, "--policy", policy).status == 1


def test_the_proof_of_a_large_body(tmp_path: Path, policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    body = b"x" * 70_000
    name = sha256(body).hexdigest()
    data = {"large": {"sha256": name, "size": len(body)}}
    ledger = Ledger(tmp_path / "log")
    ledger.append([line({"type": "request", "request": {"id": "a", "data": data}, "ledger": member(0)})]).sign()
    ledger.write(f"large/{name}", body)
    assert Ran(capsys, "prove", ledger.path, "--request-id", "a", "--out", tmp_path / "out").status == 0
    assert (tmp_path / "out/large" / name).read_bytes() == body
    ran = Ran(capsys, "verify-proof", tmp_path / "out/request.tlog-proof", "--policy", policy)
    assert (ran.status, f"the 70000 bytes whose SHA-256 is {name}" in ran.out) == (0, True)
    (tmp_path / "out/large" / name).write_bytes(body[:-1])
    assert Ran(capsys, "verify-proof", tmp_path / "out/request.tlog-proof", "--policy", policy).status == 1
    for content in (body[:-1] + b"y", None):
        (ledger.path / "large" / name).unlink()
        if content is not None:
            ledger.write(f"large/{name}", content)
        ran = Ran(capsys, "prove", ledger.path, "--request-id", "a", "--out", tmp_path / "out")
        assert (ran.status, f"large/{name} i" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("flags", "indices"),
    [
        (["--request-id", REQUEST], [300, 301]),
        (["--request-id", "nothing"], []),
        (["--after", "2027-01-15T08:00:06.9Z", "--before", "2027-01-15T08:00:06.92Z"], [690, 691]),
        (["--after", "2027-01-15T09:00:06.98+01:00"], [698, 699]),
        (["--path-prefix", "transit/encrypt/k4", "--limit", "4"], [4, 5, 14, 15]),
        (["--key", "k4", "--key-version", "2", "--algorithm", "aes256-gcm96", "--limit", "2"], [5, 35]),
        (["--key", "k4", "--algorithm", "rsa-2048"], []),
        (["--success", "false", "--limit", "3"], [1, 15, 29]),
        (["--verdict", "deny"], []),
        (["--entity-id", "e-2", "--accessor", "hmac-sha256:1", "--limit", "2"], [10, 11]),
        (["--namespace", "root", "--mount", "transit", "--operation", "update", "--limit", "1"], [0]),
        (["--crypto-operation", "encrypt", "--limit", "1"], [1]),
        (["--namespace", "other"], []),
    ],
)
def test_query(ledger: Ledger, capsys: pytest.CaptureFixture[str], flags: list[str], indices: list[int]) -> None:
    ran = Ran(capsys, "query", ledger.path, "--format", "json", *flags)
    assert ran.status == 0
    found = ran.json
    assert [one["index"] for one in found["entries"]] == indices
    assert [one["entry"].encode() for one in found["entries"]] == [ledger.entries[index] for index in indices]


def test_query_goes_on_where_it_stopped(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    cursor, found, looks = "0", [], 0
    while cursor is not None:
        ran = Ran(capsys, "query", ledger.path, "--key=k1", "--limit=30", "--format=json", "--cursor", cursor)
        answer = ran.json
        cursor, looks = answer["cursor"], looks + 1
        found += [one["index"] for one in answer["entries"]]
    assert found == [number + 1 for number in range(0, 700, 2) if number % 5 == 1]
    assert looks == 3
    last = json.loads(ledger.entries[-1])["time"]
    assert answer["complete_to"] == {"index": 699, "time": last}
    ran = Ran(capsys, "query", ledger.path, "--format=json", "--cursor=700")
    assert (ran.status, ran.json) == (0, {"entries": [], "cursor": None, "complete_to": answer["complete_to"]})
    ran = Ran(capsys, "query", ledger.path, "--cursor=701")
    assert (ran.status, ran.err) == (2, "the log has 700 entries; -cursor is the cursor of an earlier answer\n")


def test_query_of_what_was_tampered_with(ledger: Ledger, policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Ran(capsys, "query", ledger.path, "--policy", policy, "--key=k1").status == 0
    for path in ("tile/0/002.p/188", "tile/0/001", "tile/entries/002.p/188", "checkpoint"):
        good = ledger.read(path) or b""
        ledger.edit(path, flip(40))
        assert Ran(capsys, "query", ledger.path, "--policy", policy, "--key=k1", "--limit=1000").status == 1
        ledger.write(path, good)
    (ledger.path / "checkpoint").unlink()
    assert Ran(capsys, "query", ledger.path).status == 2


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_changed_entries_prove_nothing_whatever_was_rebuilt(
    ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str], levels: int
) -> None:
    """With the bundles alone, with the tiles of level 0, and with all tiles made again."""
    rebuild(ledger, CHANGES["edit"](ledger.entries), levels)
    for command in (
        ["query", "--limit=1000"],
        ["prove", "--request-id", REQUEST, "--out", tmp_path],
        ["export", "--to", tmp_path / "to"],
    ):
        assert Ran(capsys, command[0], ledger.path, *command[1:]).status == 1


def test_what_is_weaker_than_the_policy_asks(
    ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found is given, for it is true; an export waits for the signatures."""
    witness = NoteSigner.from_seed("w.example", SignatureType.ED25519_COSIGNATURE, bytes(32))
    quorum = policy_text(signers(), f"witness W {witness.verifier}", "quorum W")
    proof = tmp_path / "request.tlog-proof"
    for text, keys, lacking in (
        (quorum, ledger.keys, "the quorum W of witnesses"),
        (policy_text(signers()), ledger.keys[:1], "the checkpoint has no ML-DSA-44"),
        (policy_text(signers()), ledger.keys[1:], "the checkpoint has no Ed25519"),
    ):
        Path(policy).write_text(text)
        ledger.sign(*keys)
        ran = Ran(capsys, "query", ledger.path, "--policy", policy, "--request-id", REQUEST)
        assert (ran.status, ran.out.count("\n"), ran.err.startswith(lacking)) == (3, 2, True)
        prove = ["prove", ledger.path, "--policy", policy, "--request-id", REQUEST, "--out", tmp_path]
        assert (Ran(capsys, *prove).status, proof.is_file()) == (3, True)
        assert Ran(capsys, "verify-proof", proof, "--policy", policy).status == 1
        ran = Ran(capsys, "export", ledger.path, "--policy", policy)
        assert (ran.status, ran.out, ran.err.startswith(lacking)) == (3, "", True)


def test_a_wrong_signature_beside_a_good_one_is_none(
    ledger: Ledger, policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, note = parse_checkpoint(ledger.read("checkpoint") or b"")
    first, second = note.signatures
    altered = signed_note(checkpoint.text(), [first, replace(second, signature=flip(-1)(second.signature))])
    ledger.write("checkpoint", altered)
    assert Ran(capsys, "query", ledger.path, "--policy", policy).status == 1
    assert Ran(capsys, "prove", ledger.path, "--request-id", REQUEST, "--out", tmp_path).status == 0
    assert Ran(capsys, "verify-proof", tmp_path / "request.tlog-proof", "--policy", policy).status == 1


def test_query_of_a_log_of_several_levels(large_ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, "query", large_ledger.path, "--request-id", json.loads(large_ledger.entries[-1])["request"]["id"])
    assert ran.status == 0
    assert ran.out.encode().splitlines() == large_ledger.entries[-2:]


def test_entries_do_not_command_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path is whatever a client has sent: JSON leaves some control characters as they are."""
    entry = '{"request":{"id":"a","path":"\x9b2J\x7f\u202eé"}}'.encode()
    ledger = Ledger(tmp_path / "log").append([entry])
    ledger.sign()
    assert Ran(capsys, "query", ledger.path).out == '{"request":{"id":"a","path":"\\u009b2J\\u007f\\u202eé"}}\n'


def test_progress_is_shown_on_a_terminal_alone(
    ledger: Ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cryptoserve_cli.progress._SECONDS", 0.0)
    assert Ran(capsys, "verify", ledger.path).err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = Ran(capsys, "verify", ledger.path).err
    assert "verified 512 of 700 entries (73 %)" in shown
    assert shown.endswith("\r\x1b[K")


def test_an_empty_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make(tmp_path / "log", 0)
    ran = Ran(capsys, "query", ledger.path, "--format=json")
    assert ran.json == {"entries": [], "cursor": None, "complete_to": {"index": None, "time": None}}
    assert Ran(capsys, "compare", ledger.path, ledger.path).status == 0


def test_help_of_the_group_and_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["-h"], ["verify", "-h"], ["query", "x", "-help"]):
        ran = Ran(capsys, *arguments)
        assert (ran.status, ran.err) == (0, "")
    assert run_command(["help", "audit", "verify"], {}) == 0
    assert capsys.readouterr().out.startswith("Usage: cryptoserve audit verify [flags] DIR...\n")
