"""A ledger with tenants' logs, led without a server: rounds, storage in memory, and the entries of requests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.state import Ledgers
from server.audit.ledger.leading import rounds
from server.audit.ledger.leading.rounds import Rounds
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.offline.findings import Report
from server.audit.ledger.offline.verify import Request, verify_directory
from server.audit.ledger.tenants.sizes import Known, Round
from server.audit.ledger.tenants.state import TenantLogs
from server.audit.ledger.tenants.writing import TenantWriter
from tests.server.audit.ledger.ledgers import ORIGIN, Ledger, line, member, own_entry, policy_text, signers, timestamp
from tests.support.places import new_place

POLICY = parse_policy(policy_text(signers()).encode())


class Writer:
    """The integrating process's part, in this one."""

    def __init__(self, path: Path) -> None:
        self.directory = LedgerDirectory(path)
        self.parts: list[Round] = []
        self._writer: TenantWriter | None = None

    def begin_tenants(self, known: Known) -> None:
        self._writer = TenantWriter(self.directory, known)

    def advance_tenants(self, end: int) -> Round:
        assert self._writer is not None
        self.parts.append(self._writer.advance(end))
        return self.parts[-1]


async def in_thread(work: Callable[[], Any]) -> Any:
    return work()


class Leading:
    """A ledger at ``path`` and its leader; entries are the tests' own."""

    def __init__(self, path: Path) -> None:
        self.ledger = Ledger(path)
        (path / "tmp").mkdir()
        self.view = new_place().view
        self.ledgers, self.logs = Ledgers(self.view), TenantLogs(self.view, ORIGIN)
        self.again()

    def again(self) -> None:
        """Begin as another process, with what storage remembers."""
        self.writer = Writer(self.ledger.path)
        self.rounds = Rounds(self.writer.directory, ORIGIN, self.ledgers, self.logs, self._note, in_thread)
        self._begun = False

    def record(self, names: Sequence[str], **more: Any) -> None:
        """Append an entry of each of these namespaces."""
        entries = []
        for number, name in enumerate(names, len(self.ledger.entries)):
            request = {"id": f"id-{number}", "namespace": {"id": name, "path": f"{name}/"}, "path": "transit/keys/k"}
            entry = {"time": timestamp(number), "type": "request", "request": {**request, **more}}
            entries.append(line({**entry, "ledger": member(number)}))
        self.ledger.append(entries)

    async def step(self, times: int = 1) -> None:
        """Sign the server's log, and do what is due then."""
        if not self._begun:
            await self.rounds.begin(self.writer)
            self._begun = True
        for _ in range(times):
            self.ledger.sign()
            self.rounds.stepped(self.ledger.writer.size, more=False)
            await self.rounds.go_on(self.writer)

    async def settle(self) -> None:
        """Steps until all that was recorded is signed, named and entered."""
        await self.step(6)

    def verify(self, **changes: Any) -> Report:
        return verify_directory(self.ledger.path, Request(**{"policy": POLICY, **changes}))

    def size(self, name: str) -> int:
        """The size that a tenant's checkpoint states."""
        return int((self.ledger.path / "ns" / name / "checkpoint").read_text().split("\n")[1])

    def _note(self, event: str, members: dict[str, object]) -> asyncio.Future[Exception | None]:
        self.ledger.append([own_entry(len(self.ledger.entries), event, **members)])
        done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rounds follow each other without pause."""
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.0)
    monkeypatch.setattr(rounds, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(os, "sync", lambda: None)
