"""Keeper of a ledger's indexes: starts the making of missing ones, for the server's log and those of namespaces.

Of the processes that serve, the one that holds a lock on the folder of the indexes does this. No request waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from pathlib import Path

from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.directory import CHECKPOINT, INDEX, PART_ENTRIES, Held, LedgerDirectory
from server.audit.ledger.device.state import Ledgers
from server.audit.ledger.index.making import missing
from server.audit.ledger.leading.process import program, program_environment
from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote
from server.audit.ledger.log.tiles import Tile
from server.runtime.log_limits import LimitedLog
from storage.base import StorageFault

CHECK_SECONDS = 1.0
"""The interval at which the server's log is looked at."""

TENANT_SECONDS = 30.0
"""The interval at which the logs of namespaces are."""

RETRY_SECONDS = 60.0
"""The time until a log is looked at again whose indexes couldn't be made."""

TENANTS = "ns"
_MODULE = "server.audit.ledger.index.making"
_FULL_PART = Tile(1, 0).path
_MAX_ANSWER_BYTES = 4096

log = logging.getLogger(__name__)
_failures = LimitedLog(log)


class NotMade(Exception):
    """The program that makes indexes has failed; the text says why."""


async def keep_indexes(device: LedgerDevice, ledgers: Ledgers) -> None:
    """Have indexes made as they become due, until cancelled."""
    keeper = _Keeper(ledgers, device.settings.origin)
    lock = Held(device.directory.path / INDEX)
    try:
        while not lock.take():
            await asyncio.sleep(CHECK_SECONDS)
        while True:
            await keeper.look_at(device.directory, "")
            for ident in await asyncio.to_thread(keeper.due_tenants, device.directory.path):
                await keeper.look_at(LedgerDirectory(device.directory.path / TENANTS / ident), f"/{TENANTS}/{ident}")
            await asyncio.sleep(CHECK_SECONDS)
    finally:
        lock.close()


class _Keeper:
    def __init__(self, ledgers: Ledgers, origin: str) -> None:
        self._ledgers = ledgers
        self._origin = origin
        self._retries: dict[Path, float] = {}
        self._tenants_due = 0.0

    async def look_at(self, directory: LedgerDirectory, suffix: str) -> None:
        """Have the missing indexes of one log made; its origin ends in ``suffix``."""
        now = time.monotonic()
        if now < self._retries.get(directory.path, 0.0):
            return
        try:
            pruned = await self._ledgers.pruned(self._origin + suffix)
            if await asyncio.to_thread(_is_due, directory, pruned):
                await make_indexes(directory, await self._ledgers.index_key())
                self._retries.pop(directory.path, None)
        except (OSError, StorageFault, BadNote, NotMade) as error:
            words = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
            _failures.warning("indexes of the audit ledger %s%s are not made: %s", self._origin, suffix, words)
            self._retries[directory.path] = now + RETRY_SECONDS

    def due_tenants(self, path: Path) -> list[str]:
        """The ids of namespaces whose logs have a part that may need an index; none where it isn't time to look."""
        now = time.monotonic()
        if now < self._tenants_due:
            return []
        self._tenants_due = now + TENANT_SECONDS
        with contextlib.suppress(FileNotFoundError):
            return [name for name in os.listdir(path / TENANTS) if (path / TENANTS / name / _FULL_PART).exists()]
        return []


def _is_due(directory: LedgerDirectory, pruned: int) -> bool:
    content = directory.read(CHECKPOINT, MAX_NOTE_BYTES)
    size = 0 if content is None else parse_checkpoint(content)[0].size
    return size >= PART_ENTRIES and bool(missing(directory, size, pruned))


async def make_indexes(directory: LedgerDirectory, key: bytes) -> None:
    """Have the program make what a log lacks. Raises ``NotMade``, ``OSError``."""
    process = await asyncio.create_subprocess_exec(
        *program(_MODULE),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=program_environment(),
        cwd="/",
    )
    if sys.platform == "linux":
        # Runs where no other thread of the machine wants to, and never keeps one waiting, not even while it starts.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
    try:
        task = json.dumps({"directory": str(directory.path), "key": key.hex()})
        answer, _ = await process.communicate(task.encode() + b"\n")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise NotMade(answer[:_MAX_ANSWER_BYTES].decode(errors="replace") or f"status {process.returncode}")
