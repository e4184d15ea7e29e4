"""What is found where a tenant's log isn't what the server's log has of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.keys import NoteSigner
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.offline import tenant_entries
from server.audit.ledger.offline.findings import GOOD, TAMPERED, Report
from server.audit.ledger.tenants.heads import decode_head, encode_head
from tests.server.audit.ledger.ledgers import Ledger, policy_text, signers
from tests.server.audit.ledger.tenants.tenant_logs import Leading, at_once

ALL = ["a", "b", "root"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Leading, Path]]:
    """A ledger with two tenants, and an earlier state of the first one's log."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        at_once(monkeypatch)
        leading = Leading(tmp_path_factory.mktemp("made") / "log")
        earlier = tmp_path_factory.mktemp("earlier") / "a"

        async def make() -> None:
            leading.record(ALL * 90)
            await leading.settle()
            shutil.copytree(leading.ledger.path / "ns/a", earlier)
            leading.record(ALL * 200)
            await leading.settle()

        asyncio.run(make())
        yield leading, earlier


@pytest.fixture
def leading(made: tuple[Leading, Path], tmp_path: Path) -> Leading:
    """A copy to be tampered with."""
    leading = Leading(tmp_path / "log")
    shutil.rmtree(leading.ledger.path)
    shutil.copytree(made[0].ledger.path, leading.ledger.path)
    return leading


def found(report: Report) -> set[tuple[str, str | None]]:
    return {(str(finding.kind), finding.file) for finding in report.all_findings()}


def test_a_log_that_grows_while_the_servers_is_read(made: tuple[Leading, Path], leading: Leading) -> None:
    path = leading.ledger.path / "ns/a/checkpoint"
    newer = path.read_bytes()
    path.write_bytes((made[1] / "checkpoint").read_bytes())
    report = leading.verify(progress=lambda done, size: path.write_bytes(newer))
    assert report.all_findings() == []
    assert path.read_bytes() == newer


def forged(leading: Leading, keys: list[NoteSigner], size: int) -> None:
    """Sign another history of ``size`` entries as that of the first tenant."""
    origin = f"{leading.ledger.origin}/ns/a"
    path = leading.ledger.path / "ns/a"
    shutil.rmtree(path / "tile")
    shutil.rmtree(path / "checkpoints")
    log = Ledger(path, origin, keys, journal=False)
    log.append([b'{"type":"request","ledger":{"n":%d}}' % n for n in range(size)])
    text = Checkpoint(origin, size, log.writer.root()).text()
    log.write("checkpoint", signed_note(text, [key.sign(text, 1_800_000_100) for key in keys]))


def test_good_logs(leading: Leading) -> None:
    report = leading.verify()
    assert (report.status(), found(report)) == (GOOD, set())


def test_a_log_that_is_missing(leading: Leading) -> None:
    shutil.rmtree(leading.ledger.path / "ns/a")
    assert found(leading.verify()) == {("tenant", "ns/a")}
    shutil.rmtree(leading.ledger.path / "ns")
    assert found(leading.verify()) == {("tenant", "ns/a"), ("tenant", "ns/b")}


def test_a_log_that_was_put_back(leading: Leading, made: tuple[Leading, Path]) -> None:
    shutil.rmtree(leading.ledger.path / "ns/a")
    shutil.copytree(made[1], leading.ledger.path / "ns/a")
    assert found(leading.verify()) == {("tenant", "ns/a/checkpoint")}


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"])
def test_changed_files_are_found_in_the_tenants_log_itself(leading: Leading, path: str) -> None:
    file = leading.ledger.path / "ns/a" / path
    content = bytearray(file.read_bytes())
    content[5] ^= 1
    file.write_bytes(content)
    report = leading.verify()
    assert report.status() == TAMPERED
    assert all(name is not None and name.startswith("ns/a/") for _, name in found(report))


def test_another_history_with_keys_of_its_own(leading: Leading) -> None:
    size = leading.size("a")
    forged(leading, signers(f"{leading.ledger.origin}/ns/a", seed=90), size)
    kinds = found(leading.verify())
    assert ("signature", "ns/a/checkpoint") in kinds
    assert ("tenant", "ns/a/policy") in kinds
    assert ("tenant", "ns/a/checkpoint") in kinds


@pytest.mark.parametrize("more", [-1, 0, 1, 300])
async def test_another_history_with_the_logs_own_keys(made: tuple[Leading, Path], leading: Leading, more: int) -> None:
    log = await made[0].logs.get("a")
    assert log is not None
    forged(leading, log.keys.signers(f"{leading.ledger.origin}/ns/a"), log.size + more)
    policy = (made[0].ledger.path / "ns/a/policy").read_bytes()
    (leading.ledger.path / "ns/a/policy").write_bytes(policy)
    assert found(leading.verify()) == {("tenant", "ns/a/checkpoint")}


def test_a_policy_with_another_key(leading: Leading) -> None:
    policy = leading.ledger.path / "ns/a/policy"
    policy.write_text(policy_text(signers(f"{leading.ledger.origin}/ns/a", seed=90)))
    assert found(leading.verify()) == {("tenant", "ns/a/policy")}


def test_a_policy_that_names_the_tenants_keys_counts(leading: Leading) -> None:
    own = (leading.ledger.path / "ns/a/policy").read_text().replace("quorum none\n", "")
    text = policy_text(signers()).replace("quorum none\n", "")
    assert leading.verify(policy=parse_policy(f"{text}{own}quorum none\n".encode())).status() == GOOD
    other = policy_text(signers(f"{leading.ledger.origin}/ns/a", seed=90))
    report = leading.verify(policy=parse_policy(f"{text}{other}".encode()))
    assert ("signature", "ns/a/checkpoint") in found(report)


def test_a_head_that_the_servers_log_does_not_have(leading: Leading) -> None:
    file = leading.ledger.path / "ns/a/head"
    other = (leading.ledger.path / "ns/b/head").read_bytes()
    head = decode_head(file.read_bytes())
    assert head is not None
    for content in (b"", other, encode_head(head).replace(b'"size":', b'"size":1')):
        file.write_bytes(content)
        assert found(leading.verify()) == {("tenant", "ns/a/head")}
    file.unlink()
    report = leading.verify()
    assert report.status() == GOOD
    assert "that the server's log has a head of this one" in report.tenants[0].open


def test_a_log_under_another_name(leading: Leading) -> None:
    shutil.copytree(leading.ledger.path / "ns/a", leading.ledger.path / "ns/c")
    assert ("tenant", "ns/c/checkpoint") in found(leading.verify())


def test_where_the_servers_entries_are_gone_that_is_said(leading: Leading, made: tuple[Leading, Path]) -> None:
    report = leading.verify(first=256)
    assert found(report) == set()
    assert "that the logs of namespaces have all entries: some of the server's log aren't there" in report.open
    shutil.rmtree(leading.ledger.path / "ns/a")
    shutil.copytree(made[1], leading.ledger.path / "ns/a")
    assert leading.verify(first=256).status() == GOOD, "which only the first entries would show"


def test_more_entries_than_are_remembered_by_their_places(leading: Leading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_entries, "_MAX_RECENT", 10)
    assert leading.verify().status() == GOOD
    shutil.rmtree(leading.ledger.path / "ns/b")
    assert found(leading.verify()) == {("tenant", "ns/b")}
    monkeypatch.setattr(tenant_entries, "_MAX_HEADS", 1)
    assert found(leading.verify()) == {("tenant", "ns/b")}, "heads before the newest one aren't findings"


def test_a_server_at_work_may_be_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenants' logs that are read after the server's checkpoint may have more entries, and newer heads."""
    at_once(monkeypatch)
    leading = Leading(tmp_path / "log")

    async def grow() -> None:
        leading.record(ALL * 20)
        await leading.settle()

    asyncio.run(grow())
    times = iter([True])

    def progress(done: int, size: int) -> None:
        if next(times, False):
            leading.again()
            asyncio.run(grow())

    report = leading.verify(progress=progress)
    assert (report.status(), found(report)) == (GOOD, set())
    assert report.size is not None and report.size < leading.ledger.writer.size
