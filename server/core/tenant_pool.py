"""Pool of open tenants in this process, each opened on its first request.

There may be thousands of namespaces, most of them idle. So the first request opens a tenant, and when more than
``MAX_OPEN`` are open, the least recently used are closed again, unless a request uses them. A closed one takes only its
row in the table.

The root is always open and isn't counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from server.core.runtime import Runtime
from server.tenants.mounts.table import delete_below
from server.tenants.namespaces.names import ROOT_ID, normalise
from server.tenants.namespaces.records import Entry
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Tokens
from storage.view import View

log = logging.getLogger(__name__)

MAX_OPEN = 256
"""The most open tenants in each process."""

CLOSED_AT_ONCE = 32
"""The number of tenants closed together: each round searches the whole cache."""

_PAUSE_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 60.0


class TenantPool:
    """Opens the namespaces of ``table`` with ``bring_up``; calls ``closing`` before any of them is closed."""

    def __init__(
        self,
        runtime: Runtime,
        root: Tenant,
        table: NamespaceTable,
        bring_up: Callable[[Entry], Awaitable[Tenant]],
        closing: Callable[[], None],
    ) -> None:
        self.root = root
        self._runtime = runtime
        self._table = table
        self._bring_up = bring_up
        self._before_closing = closing
        self._open: OrderedDict[str, Tenant] = OrderedDict()
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        self._visited: set[str] = set()

    @property
    def now(self) -> list[Tenant]:
        """The open tenants."""
        return [self.root, *self._open.values()]

    async def at(self, path: str) -> Tenant | None:
        """The tenant at ``path``, in the form of ``Namespace.path``, or None."""
        if not path:
            return self.root
        entry = self._table.by_path.get(path)
        return None if entry is None else await self._get(entry)

    async def by_id(self, namespace_id: str) -> Tenant | None:
        """The tenant with this id, or None."""
        if namespace_id == ROOT_ID:
            return self.root
        entry = self._table.by_id.get(namespace_id)
        return None if entry is None else await self._get(entry)

    async def tokens_of(self, namespace_id: str) -> Tokens | None:
        """The token store of a namespace; None if there is no such namespace."""
        tenant = await self.by_id(namespace_id)
        return None if tenant is None else tenant.tokens

    def touch(self, tenant: Tenant) -> None:
        """Mark ``tenant`` as used, by a caller that kept it from an earlier request."""
        if tenant.namespace.id in self._open:
            self._open.move_to_end(tenant.namespace.id)

    async def _get(self, entry: Entry) -> Tenant:
        tenant = self._open.get(entry.id)
        if tenant is None:
            async with self._opening:
                tenant = self._open.get(entry.id)
                if tenant is None:
                    tenant = self._open[entry.id] = await self._brought_up(entry)
            await self._close_idle()
        else:
            self._open.move_to_end(entry.id)
        return tenant

    async def _brought_up(self, entry: Entry) -> Tenant:
        self._runtime.barrier.add_namespace(entry.id, entry.salt)
        try:
            return await self._bring_up(entry)
        except BaseException:
            self._forget([entry.id])
            raise

    @asynccontextmanager
    async def visit(self, entry: Entry) -> AsyncIterator[Tenant]:
        """A tenant for background work, closed again afterwards unless a request uses it by then."""
        known = entry.id in self._open
        self._visited.add(entry.id)
        try:
            tenant = await self._get(entry)
            if not known:
                self._open.move_to_end(entry.id, last=False)  # A request for it moves it back to the end.
            yield tenant
        finally:
            self._visited.discard(entry.id)
            async with self._opening:
                if not known and next(iter(self._open), None) == entry.id and not self._is_busy(tenant, self._asked()):
                    await self._close([self._open.pop(entry.id)])

    async def _close_idle(self) -> None:
        if len(self._open) <= MAX_OPEN:
            return
        async with self._opening:
            newest = next(reversed(self._open), None)
            asked = self._asked()
            idle = [
                tenant for name, tenant in self._open.items() if name != newest and not self._is_busy(tenant, asked)
            ]
            leaving = idle[:CLOSED_AT_ONCE] if len(self._open) > MAX_OPEN else []
            for tenant in leaving:
                del self._open[tenant.namespace.id]
            await self._close(leaving)

    def _asked(self) -> set[str]:
        """The paths of the namespaces with requests under way."""
        return {normalise(request.namespace) for request, _ in self._runtime.in_flight.values()}

    def _is_busy(self, tenant: Tenant, asked: set[str]) -> bool:
        """Whether requests use this namespace, or one below it that may need its tokens."""
        path = tenant.namespace.path
        return tenant.namespace.id in self._visited or any(each.startswith(path) for each in asked)

    async def drop_gone(self) -> None:
        """Close the tenants of deleted namespaces, each as soon as no request uses it."""
        gone = [tenant for name, tenant in self._open.items() if name not in self._table.by_id]
        for tenant in gone:
            del self._open[tenant.namespace.id]
            task = asyncio.create_task(self._close_when_idle(tenant))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_when_idle(self, tenant: Tenant) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                while self._is_busy(tenant, self._asked()):
                    await asyncio.sleep(_PAUSE_SECONDS)
        async with self._opening:
            await self._close([tenant])

    async def _close(self, tenants: list[Tenant]) -> None:
        """Close while no tenant can be opened, so that none in use is forgotten."""
        self._before_closing()
        for tenant in tenants:
            await tenant.mounts.close()
            await tenant.tokens.close()
        self._forget([tenant.namespace.id for tenant in tenants])

    def _forget(self, ids: list[str]) -> None:
        self._runtime.cache.leave({f"ns/{each}" for each in ids})
        if not self._runtime.barrier.sealed:
            for each in ids:
                self._runtime.barrier.remove_namespace(each)

    async def erase_gone(self) -> None:
        """Erase the entries of deleted namespaces, which can't be decrypted without their salts anyway."""
        leaving = self._table.leaving
        for namespace_id in leaving:
            # Below the barrier, which doesn't know these namespaces any longer.
            await delete_below(View(self._runtime.store, f"ns/{namespace_id}/", self._runtime.cache), "")
        await self._table.erased(leaving)

    async def close(self) -> None:
        """Close all tenants, the root too."""
        for task in list(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        for tenant in self.now:
            await tenant.mounts.close()
            await tenant.tokens.close()
        self._open.clear()
