"""Storage of counted use: each process adds its own to the entries of the keys' mounts, every few seconds.

Additions are transactions, so that the sums over several processes are exact. They are made in a task of their own,
which isn't cancelled: of a cancelled commit it wouldn't be known whether it took place. A process that is killed loses
what it has counted since the last time, at most ``FLUSH_SECONDS`` of use.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence

import msgspec

from engines.keys.counting.use_records import PendingUse, add_use
from server.core.tenant_pool import TenantPool
from server.core.use_counter import Place, UseCounter
from server.runtime.log_limits import LimitedLog
from server.runtime.meter import Meter
from server.tenants.mounts.table import is_mounted, storage_prefix
from server.tenants.namespaces.names import ROOT_ID
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.tenant import Tenant
from storage.base import Transaction, transact
from storage.view import View, within

log = logging.getLogger(__name__)
_failures = LimitedLog(log)

FLUSH_SECONDS = 5.0
"""The seconds between writes of what was counted."""

POLL_SECONDS = 0.2
"""The seconds between looks whether another process asks for what was counted here."""

WAIT_SECONDS = 3.0
"""The longest wait, in seconds, for the other processes to write what they have counted."""

_AT_ONCE = 64
"""The most entries written in one transaction."""

_COUNTING = "sys/inventory/counting"


class UseWriter:
    """Stores what ``counter`` counts, until ``close``; other processes ask for it through ``meter``."""

    def __init__(self, counter: UseCounter, table: NamespaceTable, tenants: TenantPool, meter: Meter) -> None:
        self._counter = counter
        self._table = table
        self._tenants = tenants
        self._meter = meter
        self._writing = asyncio.Lock()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, and continue until ``close``."""
        if self._counter.active:
            self._task = asyncio.create_task(self._write_repeatedly())

    async def close(self) -> None:
        """Write what is left, and stop."""
        self._closing.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def flush(self) -> None:
        """Write what this process has counted. What can't be written is kept for the next time."""
        await asyncio.shield(asyncio.ensure_future(self._write()))

    async def flush_all(self) -> None:
        """Write what all processes have counted; those that don't answer within ``WAIT_SECONDS`` are left out."""
        asked = self._meter.ask_for_uses()
        await self.flush()
        self._meter.uses_written(asked)
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_SECONDS
        while not self._meter.all_uses_written(asked) and loop.time() < end:
            await asyncio.sleep(POLL_SECONDS / 4)

    async def _write_repeatedly(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + FLUSH_SECONDS
        while not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)
            except TimeoutError:
                asked = self._meter.asked_for_uses()
                if asked or loop.time() >= due:
                    await self._write()
                    self._meter.uses_written(asked)
                    due = loop.time() + FLUSH_SECONDS
        await self._write()

    async def _write(self) -> None:
        async with self._writing:
            for place, uses in self._counter.take().items():
                waiting = list(uses.values())
                while waiting:
                    part, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
                    try:
                        await self._store(place, part)
                    except Exception as error:  # noqa: BLE001 - whatever it was, the counts must not be lost
                        _failures.error("uses of keys can't be stored now: %s", type(error).__name__)
                        self._counter.give_back(place, part)

    async def _store(self, place: Place, uses: Sequence[PendingUse]) -> None:
        namespace_id, mount_id = place
        if namespace_id == ROOT_ID:
            await store_uses(self._tenants.root, mount_id, uses)
            return
        entry = self._table.by_id.get(namespace_id)
        if entry is not None:  # Otherwise it was deleted, with its keys.
            async with self._tenants.visit(entry) as tenant:
                await store_uses(tenant, mount_id, uses)


async def store_uses(tenant: Tenant, mount_id: str, uses: Sequence[PendingUse]) -> None:
    """Add ``uses`` of keys of a mount of ``tenant`` to what is stored; nothing if the mount is gone."""

    async def add_all(transaction: Transaction) -> None:
        if await is_mounted(transaction, mount_id):
            below = within(transaction, storage_prefix(mount_id))
            for use in uses:
                await add_use(below, use)

    await transact(tenant.view, add_all)


class Counting:
    """The counts of uses, as engines see them: all are counted from the time ``since`` on."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.writer: UseWriter | None = None

    async def flush(self) -> None:
        """Store what this process has counted."""
        if self.writer is not None:
            await self.writer.flush()


async def counted_since(view: View, now: float, *, counting: bool) -> float:
    """The time from which all uses are counted, which is ``now`` for a server that begins to; infinity if it doesn't.

    ``view`` is the root namespace's.
    """

    async def note_beginning(transaction: Transaction) -> float:
        value = await transaction.get(_COUNTING)
        if not counting:
            if value is not None:
                transaction.delete(_COUNTING)
            return math.inf
        if value is not None:
            return msgspec.msgpack.decode(value, type=float)
        transaction.put(_COUNTING, msgspec.msgpack.encode(now))
        return now

    return await transact(view, note_beginning)
