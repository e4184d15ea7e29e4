"""Tenants' logs as a leader makes them: complete, signed, entered, and made again after any crash."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from server.audit.ledger.device.directory import SharedPage
from server.audit.ledger.leading import rounds
from server.audit.ledger.leading.rounds import Rounds
from server.audit.ledger.offline.findings import GOOD, TAMPERED
from server.audit.ledger.offline.verify import Request, verify_directory
from server.audit.ledger.tenants import writing
from server.audit.ledger.tenants.projection import tenant_of
from server.audit.ledger.tenants.sizes import Known, Round
from server.audit.ledger.tenants.writing import TenantWriter
from tests.server.audit.ledger.ledgers import member
from tests.server.audit.ledger.tenants.tenant_logs import Leading, at_once


@pytest.fixture
def leading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leading:
    at_once(monkeypatch)
    return Leading(tmp_path / "log")


def expected(leading: Leading) -> Counter[str]:
    """The number of entries of each tenant in the server's log."""
    return Counter(name for entry in leading.ledger.entries if (name := tenant_of(entry)) is not None)


async def test_each_namespace_has_a_log_of_its_own(leading: Leading) -> None:
    leading.record(["a", "root", "b", "a", "a"] * 60)
    await leading.settle()
    assert {name: leading.size(name) for name in ("a", "b")} == expected(leading)
    assert sorted(os.listdir(leading.ledger.path / "ns")) == ["a", "b"]
    report = leading.verify()
    assert report.status() == GOOD, report
    assert [tenant.origin for tenant in report.tenants] == [f"{leading.ledger.origin}/ns/{name}" for name in "ab"]
    assert report.all_findings() == []
    assert not any("head" in sentence for tenant in report.tenants for sentence in tenant.open)


def test_entries_are_looked_through_where_a_process_has_told_of_some(tmp_path: Path) -> None:
    leading = Leading(tmp_path / "log")
    leading.record(["a", "root"])
    leading.ledger.sign()
    writer = TenantWriter(leading.writer.directory, Known(0, {}, [], []))
    assert writer.advance(2).sizes.keys() == {"a"}, "an earlier release hasn't told of it"
    writer.caught_up(2)
    leading.record(["root", "root", "a"])
    leading.ledger.sign()
    assert writer.advance(4) == Round(4, {}, [])
    page = leading.writer.directory.page()
    page.words[SharedPage.NAMESPACES] = 1
    assert writer.advance(5).sizes["a"].size == 2
    page.words[SharedPage.NAMESPACES] = 0
    page.close()
    behind = TenantWriter(leading.writer.directory, Known(0, {}, [], []))
    behind.caught_up(4)
    assert behind.advance(5).sizes["a"].size == 2, "what was there at the start is looked through anyway"


async def test_a_tenants_directory_alone(leading: Leading, tmp_path: Path) -> None:
    leading.record(["a", "b"] * 200)
    await leading.settle()
    shutil.copytree(leading.ledger.path / "ns/a", tmp_path / "given")
    report = verify_directory(tmp_path / "given", Request())
    assert (report.findings, report.size) == ([], leading.size("a"))
    assert "that the server's log has these entries and their heads: that takes the server's directory" in report.open


async def test_a_tenants_log_tells_nothing_of_others(leading: Leading) -> None:
    """The same requests make the same log, whatever else the server did."""
    leading.record(["a", "b", "root", "b"] * 70)
    leading.record(["b"] * 500)
    await leading.settle()
    counted = set(member(0)) - {"n"}
    for bundle in (leading.ledger.path / "ns/a/tile/entries").rglob("*"):
        if bundle.is_file():
            assert not any(f'"{name}"'.encode() in bundle.read_bytes() for name in counted)
    head = json.loads((leading.ledger.path / "ns/a/head").read_bytes())
    other = json.loads((leading.ledger.path / "ns/b/head").read_bytes())
    assert len(head["hashes"]) == len(other["hashes"]) == 16
    assert b'"heads"' not in b"".join(leading.ledger.entries)


async def test_one_transaction_for_all_heads(leading: Leading, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    advance = leading.logs.advance

    async def counted(known: int, done: object, now: int) -> bool:
        calls.append(len(done.sizes))  # type: ignore[attr-defined]
        return await advance(known, done, now)  # type: ignore[arg-type]

    monkeypatch.setattr(leading.logs, "advance", counted)
    leading.record([f"t{n}" for n in range(260)])
    await leading.step()
    assert calls == [260]
    assert len(leading.writer.parts) == 2, "a part has the entries of 256 tenants at most"


async def test_a_head_is_signed_only_when_its_log_has_grown(leading: Leading, monkeypatch: pytest.MonkeyPatch) -> None:
    leading.record(["a", "b"])
    await leading.settle()
    before = (leading.ledger.path / "ns/b/checkpoint").read_bytes()
    written = len(leading.ledger.entries)
    await leading.settle()
    assert len(leading.ledger.entries) == written, "an idle log gets no entries"
    leading.record(["a"])
    await leading.settle()
    assert (leading.ledger.path / "ns/b/checkpoint").read_bytes() == before
    assert leading.size("a") == expected(leading)["a"]
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 3600.0)
    leading.record(["a"])
    await leading.settle()
    leading.record(["a"])
    await leading.settle()
    assert leading.size("a") == expected(leading)["a"] - 1, "the next round is not due yet"


async def test_a_log_that_grows_slowly_keeps_few_partial_bundles(leading: Leading) -> None:
    for _ in range(20):
        leading.record(["a"])
        await leading.step()
    folder = leading.ledger.path / "ns/a/tile"
    assert len(os.listdir(folder / "entries/000.p")) == 2
    assert len(os.listdir(folder / "0/000.p")) >= 20
    await leading.settle()
    assert leading.verify().status() == GOOD


@pytest.mark.parametrize("seed", range(4))
async def test_a_crash_at_any_moment(leading: Leading, seed: int) -> None:
    """Cancelled at some await, with files in any state that a kill leaves, and taken up by another process."""
    chance = random.Random(seed)
    for _ in range(12):
        leading.record(chance.choices(["a", "b", "c", "root"], k=chance.randrange(1, 120)))
        task = asyncio.create_task(leading.step(3))
        for _ in range(chance.randrange(1, 400)):
            await asyncio.sleep(0)
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if chance.random() < 0.3:
            for checkpoint in (leading.ledger.path / "ns").glob("*/checkpoint"):
                checkpoint.unlink()
        leading.again()
    await leading.settle()
    report = leading.verify()
    assert report.status() == GOOD, report.all_findings()
    assert {name: leading.size(name) for name in "abc"} == expected(leading)


@pytest.mark.parametrize("damage", ["gone", "cut", "changed", "older"])
async def test_a_damaged_log_is_made_again_from_the_servers(leading: Leading, tmp_path: Path, damage: str) -> None:
    leading.record(["a", "b"] * 150)
    await leading.settle()
    folder = leading.ledger.path / "ns/a"
    shutil.copytree(folder, tmp_path / "older")
    leading.record(["a", "b"] * 150)
    await leading.settle()
    if damage == "gone":
        shutil.rmtree(folder)
    elif damage == "cut":
        shutil.rmtree(folder / "tile/0")
    elif damage == "changed":
        for tile in (folder / "tile/0").rglob("*"):
            if tile.is_file():
                tile.write_bytes(b"x" * len(tile.read_bytes()))
    else:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "older", folder)
    assert leading.verify().status() == TAMPERED
    leading.again()
    leading.record(["a", "b"])
    await leading.settle()
    report = leading.verify()
    assert report.status() == GOOD, report.all_findings()
    assert leading.size("a") == expected(leading)["a"]


async def test_a_log_that_cannot_be_made_again_is_left_alone(leading: Leading) -> None:
    leading.record(["a", "b"] * 300)
    await leading.settle()
    await leading.ledgers.set_pruned(leading.ledger.origin, 256)
    (leading.ledger.path / "tile/entries/000").unlink()
    shutil.rmtree(leading.ledger.path / "ns/a")
    before = await leading.logs.get("a")
    assert before is not None
    leading.again()
    leading.record(["a", "b"])
    await leading.settle()
    lost = await leading.logs.get("a")
    assert lost is not None
    assert (lost.lost, lost.size, lost.root) == (True, before.size, before.root)
    assert not (leading.ledger.path / "ns/a/checkpoint").exists()
    assert leading.size("b") == expected(leading)["b"], "the others go on"
    await leading.logs.forget({"a": None})
    leading.again()
    leading.record(["a", "b"])
    await leading.settle()
    begun = await leading.logs.get("a")
    assert begun is not None
    assert (begun.lost, begun.size, leading.size("a")) == (False, 2, 2), "its entry, and the one with its new keys"
    assert begun.keys != before.keys


async def test_a_log_that_began_before_tenants_had_any(leading: Leading) -> None:
    leading.record(["a", "root"] * 4200)
    await leading.settle()
    assert leading.size("a") == expected(leading)["a"]
    assert max(len(part.sizes) for part in leading.writer.parts) == 1
    assert len(leading.writer.parts) >= 3, "a part has 4,096 entries at most"


async def test_parts_are_bounded_by_bytes_too(leading: Leading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PART_BYTES", 100_000)
    leading.record(["a"] * 20, data="x" * 20_000)
    await leading.settle()
    assert leading.size("a") == expected(leading)["a"]
    assert len(leading.writer.parts) >= 4


async def test_what_fails_is_said_and_tried_again(
    leading: Leading, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rounds, "_SHORTEST_PAUSE_SECONDS", 0.01)
    leading.record(["a"])
    leading.ledger.sign()
    (leading.ledger.path / "ns").write_text("no folder")
    task = asyncio.create_task(leading.rounds.run(leading.writer))

    async def stepped_until(done: bool) -> None:
        for _ in range(500):
            leading.rounds.stepped(leading.ledger.writer.size, more=False)
            await asyncio.sleep(0.01)
            if (leading.ledger.path / "ns/a/checkpoint").exists() if done else "aren't brought up" in caplog.text:
                return
        pytest.fail("it took too long")

    await stepped_until(False)
    (leading.ledger.path / "ns").unlink()
    await stepped_until(True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_end_signs_what_is_left(leading: Leading) -> None:
    leading.record(["a", "b"] * 10)
    leading.ledger.sign()
    last = Rounds(
        leading.writer.directory, leading.ledger.origin, leading.ledgers, leading.logs, leading._note, asyncio.to_thread
    )
    await last.finish(leading.ledger.writer.size, 5)
    assert (leading.size("a"), leading.size("b")) == (10, 10)
