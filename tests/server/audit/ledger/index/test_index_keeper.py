"""The keeper of indexes: what is missing is made by one process, for the server's log and those of namespaces."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.directory import PART_ENTRIES, Held, LedgerDirectory
from server.audit.ledger.device.state import INDEX_KEY_BYTES, Ledgers
from server.audit.ledger.index import keeper
from server.audit.ledger.index.file import index_path
from server.audit.ledger.index.keeper import TENANTS, NotMade, keep_indexes, make_indexes
from server.audit.ledger.index.search import Indexes
from server.audit.ledger.offline.proven import ProvenLog
from server.audit.ledger.offline.sources import DirectorySource
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger

FIRST = hashlib.sha256(b"0").hexdigest()[:32]
"""The request of the first two entries."""

_WAIT_SECONDS = 600
"""A process of the lowest priority makes an index of 65,536 entries, as soon as others leave it a processor."""


@pytest.fixture
def ledgers() -> Ledgers:
    store = MemoryStore()
    return Ledgers(View(store, "sys/audit-ledger/", ObjectCache(store)))


@pytest.fixture
def log(large_ledger: Ledger, tmp_path: Path) -> LedgerDirectory:
    """A log of 70,000 entries without an index."""
    directory = LedgerDirectory(large_ledger.copy(tmp_path / "log").path)
    directory.make()
    return directory


async def _until_there(path: Path) -> None:
    async with asyncio.timeout(_WAIT_SECONDS):
        while not path.exists():
            await asyncio.sleep(0.02)


def _device(directory: LedgerDirectory) -> LedgerDevice:
    return LedgerDevice({"dir": str(directory.path), "origin": ORIGIN})


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_indexes_are_made_of_the_servers_log_and_of_those_of_namespaces(
    large_ledger: Ledger, log: LedgerDirectory, ledgers: Ledgers
) -> None:
    small = log.path / TENANTS / "small"
    small.mkdir(parents=True)
    tenant = LedgerDirectory(large_ledger.copy(log.path / TENANTS / "abc").path)
    tenant.make()
    task = asyncio.create_task(keep_indexes(_device(log), ledgers))
    for directory in (log, tenant):
        await _until_there(directory.path / index_path(0))
        source = DirectorySource(directory.path)
        indexes = Indexes(source, ProvenLog(source), await ledgers.index_key())
        assert indexes.ask(0, 0, lambda index: index.of_request(FIRST)) == [0, 1]
        source.close()
    assert os.stat(log.path / index_path(0)).st_mode & 0o777 == 0o600
    assert (log.path / index_path(0)).stat().st_size < 16 * PART_ENTRIES
    await _ended(task)


class Made:
    """In place of the program that makes indexes; it fails at first, if asked to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failures: int = 0) -> None:
        monkeypatch.setattr(keeper, "CHECK_SECONDS", 0.01)
        monkeypatch.setattr(keeper, "make_indexes", self.make)
        self.failures = failures
        self.calls = 0

    async def make(self, directory: LedgerDirectory, key: bytes) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise NotMade("tile/entries/003 is missing")
        directory.write(index_path(0), b"made")


async def test_one_process_makes_them(log: LedgerDirectory, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(monkeypatch)
    other = Held(log.path / "index")
    assert other.take()
    task = asyncio.create_task(keep_indexes(_device(log), ledgers))
    await asyncio.sleep(0.1)
    assert made.calls == 0
    other.close()
    await _until_there(log.path / index_path(0))
    await _ended(task)
    assert made.calls == 1
    assert Held(log.path / "index").take()


async def test_what_cannot_be_made_is_tried_again_later(
    log: LedgerDirectory, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = Made(monkeypatch, failures=1)
    monkeypatch.setattr(keeper, "RETRY_SECONDS", 0.3)
    began = time.monotonic()
    task = asyncio.create_task(keep_indexes(_device(log), ledgers))
    await _until_there(log.path / index_path(0))
    await _ended(task)
    assert made.calls == 2
    assert time.monotonic() - began > 0.3
    assert "are not made: tile/entries/003 is missing" in caplog.text


async def test_the_program_says_why_it_fails(log: LedgerDirectory, ledgers: Ledgers) -> None:
    (log.path / "tile/entries/003").unlink()
    with pytest.raises(NotMade, match="tile/entries/003 is missing"):
        await make_indexes(log, await ledgers.index_key())


async def test_the_key_is_made_once(ledgers: Ledgers) -> None:
    keys = await asyncio.gather(*(ledgers.index_key() for _ in range(5)))
    assert len(keys[0]) == INDEX_KEY_BYTES
    assert set(keys) == {await ledgers.index_key()}
