"""Turns of look-ups in a ledger: one at a time in a thread, shared fairly among those who ask.

A tenant is a namespace below the root with all that are below it, or the root itself. Tenants take turns, whatever
each has waiting; so one that asks without pause delays others by one look-up, and never takes all places.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engines.faults import Unavailable

T = TypeVar("T")

MAX_WAITING = 8
"""The most look-ups of one tenant that wait or are made in a process."""

MAX_TENANTS = 64
"""The most tenants with look-ups in a process. From ``MAX_TENANTS // MAX_WAITING`` on, each may have fewer."""

_threads = ThreadPoolExecutor(1, thread_name_prefix="audit-ledger-lookup")


class Turns:
    """The look-ups of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """Those that wait, by tenants, the one whose turn is next first."""
        self._counts: dict[str, int] = {}
        """How many each tenant has, with the one that is made."""
        self._busy = False

    async def take(self, tenant: str, work: Callable[[], T]) -> T:
        """The result of ``work``, when it is the tenant's turn. Raises ``Unavailable`` if too many of it wait."""
        count = self._counts.get(tenant, 0)
        tenants = len(self._counts) + (not count)
        if tenants > MAX_TENANTS or count >= min(MAX_WAITING, max(1, MAX_TENANTS // tenants)):
            raise Unavailable("too many look-ups in the audit ledger at once; try again later")
        self._counts[tenant] = count + 1
        loop = asyncio.get_running_loop()
        try:
            if self._busy:
                await self._wait(tenant, loop.create_future())
            self._busy = True
            made = loop.run_in_executor(_threads, work)
        except BaseException:
            self._leave(tenant)
            raise
        made.add_done_callback(lambda done: self._done(tenant, done))
        # The turn ends with the work, also where its caller is gone.
        return await asyncio.shield(made)

    async def _wait(self, tenant: str, turn: asyncio.Future[None]) -> None:
        self._waiting.setdefault(tenant, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._next()
            elif turn in (queue := self._waiting.get(tenant, deque())):
                queue.remove(turn)
                if not queue:
                    del self._waiting[tenant]
            raise

    def _done(self, tenant: str, made: asyncio.Future[T]) -> None:
        if not made.cancelled():
            made.exception()  # It is the caller's, who may be gone.
        self._leave(tenant)
        self._next()

    def _next(self) -> None:
        """Give the turn to the next tenant, which goes behind the others then."""
        while self._waiting:
            tenant = next(iter(self._waiting))
            queue = self._waiting.pop(tenant)
            turn = queue.popleft()
            if queue:
                self._waiting[tenant] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False

    def _leave(self, tenant: str) -> None:
        self._counts[tenant] -= 1
        if not self._counts[tenant]:
            del self._counts[tenant]
