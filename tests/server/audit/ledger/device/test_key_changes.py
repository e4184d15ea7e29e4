"""Changes of a ledger's keys: the old ones sign the entry that names the new ones, however short their overlap is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from server.audit.broker import Broker, DeclaredDevice
from server.audit.ledger.device.state import new_keys
from server.audit.ledger.log.notes import parse_note
from server.audit.ledger.log.policy import Policy, parse_policy
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.server.audit.audit_fixture import Held

ORIGIN = "example.com/ledger"


async def opened(held: Held, path: Path) -> Broker:
    """A broker with a ledger whose checkpoints are an hour apart, but for changes of the keys."""
    options = {"dir": str(path), "origin": ORIGIN, "checkpoint_interval": "1h"}
    broker = await held.broker(DeclaredDevice("ledger", "ledger", options=options), load=False)
    await broker.load(prepare=True)
    return broker


async def policy_of(path: Path, keys: int) -> Policy:
    """The log's own policy, once it has so many keys."""
    async with asyncio.timeout(60):
        while True:
            content = (path / "policy").read_bytes() if (path / "policy").exists() else b""
            if content.count(b"log ") == keys:
                return parse_policy(content)
            await asyncio.sleep(0.02)


async def test_an_overlap_shorter_than_the_interval_of_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "log"
    broker = await opened(Held(), path)
    before = await policy_of(path, 2)
    await broker.ledger.rotate(1)
    after = await policy_of(path, 4)
    await broker.close()
    for policy in (before, after):
        report = verify_directory(path, Request(policy=policy))
        assert report.status() == 0, report.as_json()


async def test_a_change_that_was_cut_off_keeps_its_overlap(tmp_path: Path) -> None:
    path, held = tmp_path / "log", Held()
    broker = await opened(held, path)
    await policy_of(path, 2)
    await broker.close()
    # The overlap is over at once: the old keys sign all the same, since they haven't signed the entry before.
    await broker.ledger.ledgers.change_keys(ORIGIN, lambda keys: replace(keys, next=new_keys(), overlap_seconds=0))
    broker = await opened(held, path)
    await policy_of(path, 4)
    async with asyncio.timeout(60):
        while (keys := await broker.ledger.ledgers.keys(ORIGIN)) is None or keys.older:
            await asyncio.sleep(0.02)
    await broker.close()
    assert len(keys.retired) == 2
    kept = [parse_note(file.read_bytes()) for file in (path / "checkpoints").iterdir()]
    assert 4 in [len(note.signatures) for note in kept]
