"""A witness: each answer that tlog-witness asks for, one history under attack from many, and the command."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.keys import NoteSigner, SignatureType, parse_verifier_key
from server.audit.ledger.log.notes import BadNote, parse_note, parse_signatures, signed_note
from server.audit.ledger.log.policy import check_signatures, parse_policy
from server.audit.ledger.log.submissions import Submission, parse_submission
from server.audit.ledger.offline.findings import GOOD, WEAKER
from server.audit.ledger.offline.verify import Request, verify_directory
from server.audit.ledger.witness.config import BadConfig, read_config, read_key
from server.audit.ledger.witness.records import Records
from server.audit.ledger.witness.witness import Refused, WitnessService
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger, audit_entries, make, policy_text, signers
from tests.support.products import Product, free_port

# https://github.com/C2SP/C2SP, tlog-witness.md at commit 5ba5ee8, "add-checkpoint".
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501
NOW = 1_800_000_000
KEY = NoteSigner.from_seed("witness.example/w1", SignatureType.ML_DSA_44_COSIGNATURE, bytes(32))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return make(tmp_path_factory.mktemp("log"), 600, journal=False)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessService]:
    records = Records(tmp_path / "witness.db")
    yield WitnessService(KEY, [key.verifier for key in signers()], records, lambda: NOW)
    records.close()


def submission(
    log: Ledger, old: int, new: int, *keys: NoteSigner, root: bytes | None = None, proof: list[bytes] | None = None
) -> bytes:
    reader = log.reader()
    checkpoint = Checkpoint(log.origin, new, reader.root(new) if root is None else root)
    text = checkpoint.text()
    note = parse_note(signed_note(text, [key.sign(text, NOW) for key in keys or log.keys]))
    hashes = reader.consistency(min(old, new), new) if proof is None else proof
    return str(Submission(old, tuple(hashes), checkpoint, note)).encode()


def refused(witness: WitnessService, body: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        witness.add_checkpoint(body)
    return caught.value.status, caught.value.body


def test_the_example_of_the_specification_is_read() -> None:
    found = parse_submission(EXAMPLE.encode())
    assert (found.old_size, len(found.proof), found.checkpoint.size) == (20852014, 4, 20852163)
    assert str(found) == EXAMPLE


@given(st.binary(max_size=200))
def test_whatever_is_read_is_written_alike(content: bytes) -> None:
    signed = EXAMPLE[EXAMPLE.index("\n\n") :].encode()
    for candidate in (content, content + signed, b"old 7" + content + signed):
        try:
            found = parse_submission(candidate)
        except BadNote:
            continue
        assert str(found).encode() == candidate


def test_a_log_that_grows_is_signed(log: Ledger, witness: WitnessService) -> None:
    old = 0
    for new in (0, 0, 1, 300, 300, 600):
        lines = parse_signatures(witness.add_checkpoint(submission(log, old, new)))
        text = Checkpoint(log.origin, new, log.reader().root(new)).text()
        assert [KEY.verifier.verify(text, line.signature) for line in lines] == [NOW]
        stored = witness.checkpoint(sha256(ORIGIN.encode()).hexdigest())
        assert stored is not None
        checkpoint, note = parse_checkpoint(stored)
        assert (checkpoint.size, note.text) == (new, text)
        policy = parse_policy(policy_text(log.keys, f"witness W {KEY.verifier}", "quorum W").encode())
        assert [one.valid for one in check_signatures(note, policy)] == [True, True, True]
        old = new


def test_refusals_in_the_words_of_the_specification(log: Ledger, witness: WitnessService) -> None:
    assert refused(witness, submission(log, 0, 0, root=bytes(32)))[0] == 422
    assert refused(witness, submission(log, 0, 300, proof=[bytes(32)]))[0] == 422
    assert refused(witness, submission(log, 300, 400)) == (409, "0\n")
    witness.add_checkpoint(submission(log, 0, 300))
    assert refused(witness, submission(log, 0, 400)) == (409, "300\n")
    assert refused(witness, submission(log, 200, 400)) == (409, "300\n")
    assert refused(witness, submission(log, 301, 300))[0] == 400
    assert refused(witness, submission(log, 300, 300, root=bytes(32)))[0] == 422
    assert refused(witness, submission(log, 300, 400, root=bytes(32)))[0] == 422
    assert refused(witness, submission(log, 300, 400, proof=[]))[0] == 422
    assert refused(witness, submission(log, 300, 400, *signers(seed=50)))[0] == 403
    assert refused(witness, submission(log, 300, 400).replace(b"\n400\n", b"\n401\n"))[0] == 403
    other = Ledger(log.path.parent / "other", "example.com/other")
    assert refused(witness, submission(other, 0, 0))[0] == 404
    for body in (b"", b"old x\n\n", EXAMPLE.encode()[:-1], b"old 1\n" + b"AAAA\n" * 64 + b"\n"):
        assert refused(witness, body)[0] == 400
    assert witness.checkpoint("0" * 64) is None
    assert witness.checkpoint(sha256(b"example.com/unknown").hexdigest()) is None
    witness.add_checkpoint(submission(log, 300, 600))


def test_strangers_signatures_are_left_out(log: Ledger, witness: WitnessService) -> None:
    witness.add_checkpoint(submission(log, 0, 300, *log.keys, *signers("example.com/stranger", 70)))
    stored = witness.checkpoint(sha256(ORIGIN.encode()).hexdigest())
    assert stored is not None
    assert {line.name for line in parse_checkpoint(stored)[1].signatures} == {ORIGIN, KEY.name}
    witness.add_checkpoint(submission(log, 300, 400, log.keys[0], *signers(seed=50)))


def test_of_two_histories_at_once_one_is_signed(log: Ledger, tmp_path: Path) -> None:
    """By threads of two witnesses with one database, as two processes would be."""
    forks = [Ledger(tmp_path / f"fork{number}").append(audit_entries(50 + number)[number:]) for number in range(8)]
    databases = [Records(tmp_path / "witness.db") for _ in range(2)]
    services = [WitnessService(KEY, [key.verifier for key in signers()], records) for records in databases]

    def submit(number: int) -> int:
        try:
            services[number % 2].add_checkpoint(submission(forks[number], 0, 50))
        except Refused as error:
            return error.status
        return 200

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(submit, range(8)))
    assert statuses == [200, *[409] * 7]
    for records in databases:
        records.close()


CONFIG = """
listen   = "127.0.0.1:{port}"
database = "{folder}/witness.db"
name     = "witness.example/w1"
key_file = "{folder}/witness.key"
"""


def configuration(folder: Path, port: int = 1, *lines: str) -> Path:
    path = folder / "witness.hcl"
    keys = lines or [f'log "{key.verifier}" {{}}' for key in signers()]
    path.write_text(CONFIG.format(port=port, folder=folder) + "\n".join(keys) + "\n")
    return path


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    signer = read_key(path, "w.example")
    assert path.stat().st_mode & 0o777 == 0o600
    assert parse_verifier_key((tmp_path / "witness.key.pub").read_text().strip()) == signer.verifier
    assert read_key(path, "w.example").verifier == signer.verifier
    assert sorted(file.name for file in tmp_path.iterdir()) == ["witness.key", "witness.key.pub"]
    (tmp_path / "witness.key.pub").unlink()
    read_key(path, "w.example")
    assert (tmp_path / "witness.key.pub").read_text() == f"{signer.verifier}\n"
    with pytest.raises(BadConfig, match=r"it is of w\.example"):
        read_key(path, "other.example")
    with pytest.raises(BadConfig, match="can't use"):
        read_key(tmp_path / "nowhere/key", "w.example")
    with pytest.raises(BadConfig, match="name: "):
        read_key(tmp_path / "key", "a b")
    path.write_text("nonsense")
    with pytest.raises(BadConfig, match="no key of the witness"):
        read_key(path, "w.example")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "listen is missing"),
        ('listen = "a"', "database is missing"),
        (CONFIG, "at least once"),
        (CONFIG + 'log "a" {}', "log: expected a verifier key"),
        (CONFIG + 'log "KEY" {}\nlog "KEY" {}', "stands twice"),
        (CONFIG + 'log "KEY" { url = "a" }', "a log has no settings"),
        (CONFIG + 'log "KEY" {}\nmore = "x"', "more isn't known here"),
        (CONFIG + 'log "KEY" {}\nname = "x"', "stands twice"),
        (CONFIG.replace("127.0.0.1:{port}", "127.0.0.1") + 'log "KEY" {}', "listen: expected"),
        (CONFIG.replace('"witness.example/w1"', "7") + 'log "KEY" {}', "name: expected a string"),
        ("listen = {", "At "),
    ],
)
def test_configurations_that_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "witness.hcl"
    path.write_text(text.replace("KEY", str(signers()[0].verifier)))
    with pytest.raises(BadConfig, match=expected):
        read_config(path)


@contextmanager
def running(configured: Path, port: int) -> Iterator[httpx2.Client]:
    process = subprocess.Popen([*Product.CRYPTOSERVE.command(), "witness", configured], stdout=subprocess.PIPE)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            for _ in range(400):
                try:
                    client.get("/")
                    break
                except httpx2.TransportError:
                    assert process.poll() is None
                    time.sleep(0.05)
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_the_command_signs_and_remembers(log: Ledger, tmp_path: Path) -> None:
    """A checkpoint with its signature meets the policy, and after a restart the witness knows what it has signed."""
    port = free_port()
    configured = configuration(tmp_path, port)
    with running(configured, port) as client:
        answer = client.post("/add-checkpoint", content=submission(log, 0, 600))
        assert (answer.status_code, answer.text[:2]) == (200, "— ")
        assert client.post("/add-checkpoint", content=b"x" * (1 << 20)).status_code == 413
        assert client.get("/add-checkpoint").status_code == 405
    with running(configured, port) as client:
        conflict = client.post("/add-checkpoint", content=submission(log, 0, 300))
        assert (conflict.status_code, conflict.text) == (409, "600\n")
        assert conflict.headers["content-type"] == "text/x.tlog.size"
        stored = client.get(f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
        assert stored.status_code == 200
        assert client.get(f"/{'0' * 64}/checkpoint").status_code == 404
    key = (tmp_path / "witness.key.pub").read_text().strip()
    policy = parse_policy(policy_text(log.keys, f"witness W {key}", "quorum W").encode())
    copy = log.copy(tmp_path / "copy")
    assert verify_directory(copy.path, Request(policy)).status() == WEAKER
    copy.write("checkpoint", (log.read("checkpoint") or b"") + answer.content)
    assert verify_directory(copy.path, Request(policy)).status() == GOOD
    copy.write("checkpoint", stored.content)
    assert verify_directory(copy.path, Request(policy)).status() == GOOD
