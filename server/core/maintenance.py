"""Background maintenance: expiry, deferred deletion, and periodic work of engines.

One process does it, the leader. Namespaces take turns, a bounded number at a time, and one with damaged storage doesn't
stop the others. An unused namespace isn't opened to find out that nothing is due.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engines.base import Periodic
from server.core.ended_grants import end_grants
from server.core.runtime import Runtime
from server.core.unsealed import Unsealed
from server.runtime.log_limits import LimitedLog
from server.tenants.namespaces.names import ROOT
from server.tenants.namespaces.records import Entry
from server.tenants.tenant import Tenant
from server.tenants.tokens.counting import count_leases, count_tokens
from server.tenants.tokens.entries import DOOMED, EMPTYING, ENDED, EXPIRY, ORPHANING, TOKENS, end_in

log = logging.getLogger(__name__)
_failures = LimitedLog(log)

SWEEP_SECONDS = 5.0
"""The seconds between removals of expired entries; they are refused from the moment of expiry."""

TICK_SECONDS = 60.0
"""The seconds between calls of engines' periodic work."""

SWEPT_AT_ONCE = 200
"""The most namespaces searched for expired entries at a time; the others follow in turn."""

GRANT_SECONDS = 5.0
"""The seconds between rounds that end grants of tokens which have ended."""

TICKED_AT_ONCE = 50
"""The most namespaces whose engines do periodic work at a time."""

COUNT_SECONDS = 10.0
"""The shortest interval, in seconds, between counts of tokens and leases."""

FIRST_COUNT_SECONDS = 1.0
"""The seconds between unsealing and the first count."""

_COUNTING_SHARE = 20
"""The pause after a count is at least this many times its duration, because a count lists all tokens in storage."""

_LEFT_TO_CLEAR = (DOOMED, ORPHANING, EMPTYING)


@dataclass(slots=True)
class Turns:
    """Iterates over namespaces again and again, a part at a time."""

    after: str = ""
    """The id of the last one served."""

    def next(self, entries: dict[str, Entry], most: int) -> list[Entry]:
        """The next of ``entries`` (by id), at most ``most``."""
        ids = sorted(entries)
        start = bisect_right(ids, self.after)
        found = ids[start : start + most]
        self.after = found[-1] if found and start + most < len(ids) else ""
        return [entries[each] for each in found]


class Maintenance:
    """The maintenance of ``unsealed``."""

    def __init__(self, runtime: Runtime, unsealed: Unsealed) -> None:
        self._runtime = runtime
        self._unsealed = unsealed
        self._sweeps = Turns()
        self._ticks = Turns()
        self._grants = Turns()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, and continue until ``close``."""
        rounds = ((SWEEP_SECONDS, self.sweep), (TICK_SECONDS, self.tick), (GRANT_SECONDS, self.end_grants))
        for seconds, work in rounds:
            self._tasks.append(asyncio.create_task(_repeat(seconds, work)))
        self._tasks.append(asyncio.create_task(self._count_repeatedly()))

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def sweep(self) -> None:
        """Remove expired and deleted entries, in the root and in the namespaces whose turn it is."""
        if not await self._leads():
            return
        unsealed = self._unsealed
        await _carefully(self._sweep_tenant(unsealed.root), "the root namespace")
        await _carefully(self._erase_gone(), "deleted namespaces")
        for entry in self._sweeps.next(unsealed.namespaces.by_id, SWEPT_AT_ONCE):
            await _carefully(self._sweep_namespace(entry), entry.id)

    async def _erase_gone(self) -> None:
        await self._unsealed.crypto_policies.erase(self._unsealed.namespaces.leaving)
        await self._unsealed.tenants.erase_gone()

    async def tick(self) -> None:
        """Run engines' periodic work, in the root and in the namespaces whose turn it is."""
        if not await self._leads():
            return
        unsealed = self._unsealed
        await _carefully(self._tick_tenant(unsealed.root), "the root namespace")
        for entry in self._ticks.next(unsealed.namespaces.by_id, TICKED_AT_ONCE):
            await _carefully(self._tick_namespace(entry), entry.id)

    async def end_grants(self) -> None:
        """End the grants of tokens that have ended, in the root and in the namespaces that have some."""
        if not await self._leads():
            return
        unsealed = self._unsealed
        await _carefully(self._end_grants(unsealed.root), "grants of the root namespace")
        for entry in self._grants.next(unsealed.namespaces.by_id, SWEPT_AT_ONCE):
            await _carefully(self._end_grants_in(entry), entry.id)

    async def _end_grants_in(self, entry: Entry) -> None:
        if await self._runtime.store.list(entry.namespace.storage_prefix + TOKENS + ENDED, limit=1):
            async with self._unsealed.tenants.visit(entry) as tenant:
                await self._end_grants(tenant)

    async def _end_grants(self, tenant: Tenant) -> None:
        await end_grants(tenant, self._runtime.clock())

    async def count(self) -> None:
        """Count the tokens and leases of all namespaces, for the metrics; see ``server.tenants.tokens.counting``."""
        if not await self._leads():
            return
        tokens = leases = 0
        for namespace in (ROOT, *(entry.namespace for entry in list(self._unsealed.namespaces.by_id.values()))):
            prefix = namespace.storage_prefix + TOKENS
            tokens += await count_tokens(self._runtime.store.list, prefix)
            leases += await count_leases(self._runtime.store.list, prefix)
        self._runtime.meter.stored(tokens, leases)

    async def _count_repeatedly(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = FIRST_COUNT_SECONDS
        while True:
            await asyncio.sleep(pause)
            began = clock()
            await _carefully(self.count(), "the metrics")
            pause = max(COUNT_SECONDS, _COUNTING_SHARE * (clock() - began))

    async def _leads(self) -> bool:
        """Whether this process leads; then it has caught up with all commits of others."""
        if not await self._runtime.store.lead():
            return False
        await self._runtime.cache.catch_up()
        await self._unsealed.load_namespaces()
        await self._unsealed.crypto_policies.load()
        return True

    async def _sweep_namespace(self, entry: Entry) -> None:
        if await self._may_have_expired(entry):
            async with self._unsealed.tenants.visit(entry) as tenant:
                await self._sweep_tenant(tenant)

    async def _sweep_tenant(self, tenant: Tenant) -> None:
        while await tenant.tokens.sweep(self._runtime.clock()):
            pass

    async def _may_have_expired(self, entry: Entry) -> bool:
        """Whether a token may have expired, or left entries behind, judging by the names of entries."""
        tokens = entry.namespace.storage_prefix + TOKENS
        list_names = self._runtime.store.list
        ends = await list_names(tokens + EXPIRY, limit=1)
        if ends and end_in(ends[0])[0] <= self._runtime.clock():
            return True
        return any([await list_names(tokens + folder, limit=1) for folder in _LEFT_TO_CLEAR])

    async def _tick_namespace(self, entry: Entry) -> None:
        async with self._unsealed.tenants.visit(entry) as tenant:
            await self._tick_tenant(tenant)

    async def _tick_tenant(self, tenant: Tenant) -> None:
        await tenant.lockouts.sweep(self._runtime.clock())
        for mounted in (await tenant.mounts.router()).mounts.values():
            if isinstance(mounted.engine, Periodic):
                await mounted.engine.tick(self._runtime.clock())


async def _repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _carefully(work(), "the server")


async def _carefully(work: Awaitable[None], where: str) -> None:
    """Run ``work``; a failure, once or in one place, is logged and must not end maintenance."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - see above
        _failures.error("background work for %s failed with %s; it is tried again", where, type(error).__name__)
