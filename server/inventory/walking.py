"""Walk over all key versions of a namespace and those below, in the order of their paths, from any place on."""

from __future__ import annotations

import heapq
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from engines.crypto_policy.facts import Place
from engines.keys.records import GONE
from engines.keys.store import KEYS
from engines.worker_pools import SHORT_TURN_SECONDS, Places, in_turns
from server.core.unsealed import Unsealed
from server.inventory.gone import gone_rows
from server.inventory.rows import Row, merged, rows_of_key
from server.tenants.tenant import Tenant
from storage.view import View

_PAGE = 200

READERS = Places("readers of the inventory", most=8, most_of_one=4)
"""Requests that read all rows: each yields to others, so that the others wait for one turn of every reader."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The part of the inventory to walk over; empty fields choose all."""

    namespace: str | None = None
    """The full path of the only namespace."""

    mount: str = ""
    name: str = ""
    after: tuple[str, str, str, int, int] = ("", "", "", 0, 0)
    """The ``sort_key`` of the last row that isn't wanted."""

    def has(self, row: Row) -> bool:
        """Whether ``row`` is of the part."""
        facts = row.facts
        return (
            self.namespace in (None, facts.namespace)
            and self.mount in ("", facts.mount)
            and self.name in ("", facts.name)
            and row.sort_key > self.after
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of states, and that from which destroyed versions are told, in seconds since the epoch."""

    now: float
    since: float


async def all_rows(
    unsealed: Unsealed, tenant: Tenant, chosen: Chosen, now: float, *, use: bool
) -> AsyncGenerator[Row, None]:
    """The rows of ``tenant`` and the namespaces below; the states are those at ``now``.

    Those of deleted namespaces and disabled mounts are kept by the namespace that stayed, which comes before them.
    Raises ``RateLimited`` if too many read at once.
    """
    with READERS.taken(tenant.namespace.id):
        async with aclosing(_of_tree(unsealed, tenant, chosen, now, use)) as rows:
            async for row in rows:
                yield row


async def _of_tree(
    unsealed: Unsealed, tenant: Tenant, chosen: Chosen, now: float, use: bool
) -> AsyncGenerator[Row, None]:
    table = unsealed.namespaces
    moment = Moment(now, now - unsealed.retention_seconds)
    paths = [tenant.namespace.path, *(entry.path for entry in table.descendants(tenant.namespace.path))]
    heapq.heapify(paths)
    gone: dict[str, list[Row]] = {}
    latest = None
    while paths:
        path = heapq.heappop(paths)
        if path == latest:
            continue
        latest = path
        entry = table.by_path.get(path)
        if path != tenant.namespace.path and entry is None:
            for row in gone.pop(path, ()):
                if chosen.has(row):
                    yield row
            continue
        if not _may_have(path, chosen):
            continue
        if path == tenant.namespace.path:
            async with aclosing(_of_namespace(tenant, unsealed, chosen, moment, gone, paths, use)) as rows:
                async for row in rows:
                    yield row
        elif entry is not None:
            async with unsealed.tenants.visit(entry) as below:
                async with aclosing(_of_namespace(below, unsealed, chosen, moment, gone, paths, use)) as rows:
                    async for row in rows:
                        yield row


def _may_have(path: str, chosen: Chosen) -> bool:
    """Whether the namespace at ``path``, or what it keeps of those that were below, may be of the chosen part."""
    wanted = chosen.namespace is None or chosen.namespace.startswith(path)
    return wanted and (path >= chosen.after[0] or chosen.after[0].startswith(path))


async def _of_namespace(
    tenant: Tenant,
    unsealed: Unsealed,
    chosen: Chosen,
    moment: Moment,
    gone: dict[str, list[Row]],
    paths: list[str],
    use: bool,
) -> AsyncGenerator[Row, None]:
    """The rows of one namespace. What it keeps of others is added to ``gone``, and their paths to ``paths``."""
    path = tenant.namespace.path
    present = [entry.uuid for entry in await tenant.mounts.entries()]
    present += [entry.id for entry in unsealed.namespaces.descendants(path)]
    for namespace, rows in (await gone_rows(tenant.view, present, moment.since)).items():
        gone[namespace] = sorted([*gone.get(namespace, ()), *rows], key=lambda row: row.sort_key)
        if namespace != path:
            heapq.heappush(paths, namespace)
    buried = [row for row in gone.pop(path, ()) if chosen.has(row)]
    buried.reverse()
    if chosen.namespace in (None, path) and path >= chosen.after[0]:
        async with aclosing(_of_mounts(tenant, chosen, moment, use)) as living:
            async for row in living:
                while buried and buried[-1].sort_key < row.sort_key:
                    yield buried.pop()
                yield row
    while buried:
        yield buried.pop()


async def _of_mounts(tenant: Tenant, chosen: Chosen, moment: Moment, use: bool) -> AsyncGenerator[Row, None]:
    path = tenant.namespace.path
    for mount, mounted in sorted((await tenant.mounts.router()).mounts.items()):
        if not mounted.type.algorithms or (path, mount) < chosen.after[:2] or chosen.mount not in ("", mount):
            continue
        storage = tenant.view.within(mounted.entry.storage_prefix)
        place = Place(mount, path)
        after = chosen.after[2] if (path, mount) == chosen.after[:2] else ""
        # With the last name again, so that the other versions of that key are found.
        page = [chosen.name] if chosen.name else [*([after] if after else []), *await names_of_keys(storage, after)]
        while page:
            async for name in in_turns(page, SHORT_TURN_SECONDS):
                for row in await rows_of_key(
                    storage, mounted.entry.uuid, place, name, moment.now, moment.since, use=use
                ):
                    if chosen.has(row):
                        yield row
            page = [] if chosen.name else await names_of_keys(storage, page[-1])


async def names_of_keys(storage: View, after: str) -> list[str]:
    """The next names of keys that a mount has or had; ``storage`` is the mount's."""
    living, gone = await storage.list(KEYS, after, _PAGE), await storage.list(GONE, after, _PAGE)
    # What lies behind the end of a full list isn't known yet.
    ends = [names[-1] for names in (living, gone) if len(names) == _PAGE]
    return [name for name in merged(living, gone) if not ends or name <= min(ends)]
