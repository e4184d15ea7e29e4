"""Walk over all key versions of a namespace and those below, in the order of their paths, from any place on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from engines.crypto_policy.facts import Place
from engines.keys.store import GONE, KEYS
from server.core.unsealed import Unsealed
from server.inventory.rows import Row, merged, rows_of_key
from server.tenants.tenant import Tenant

_PAGE = 1000

_AT_ONCE = 20
"""The number of keys read before other requests get their turn."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The part of the inventory to walk over; empty fields choose all."""

    namespace: str | None = None
    """The full path of the only namespace."""

    mount: str = ""
    name: str = ""
    after: tuple[str, str, str, int, int] = ("", "", "", 0, 0)
    """The ``sort_key`` of the last row that isn't wanted."""


async def all_rows(
    unsealed: Unsealed, tenant: Tenant, chosen: Chosen, now: float, *, use: bool
) -> AsyncGenerator[Row, None]:
    """The rows of ``tenant`` and the namespaces below; the states are those at ``now``."""
    paths = [tenant.namespace.path]
    paths += sorted(entry.path for entry in unsealed.namespaces.descendants(tenant.namespace.path))
    for path in paths:
        if path < chosen.after[0] or chosen.namespace not in (None, path):
            continue
        if path == tenant.namespace.path:
            async for row in _of_tenant(tenant, chosen, now, use):
                yield row
            continue
        entry = unsealed.namespaces.by_path.get(path)
        if entry is not None:
            async with unsealed.tenants.visit(entry) as below:
                async for row in _of_tenant(below, chosen, now, use):
                    yield row


async def _of_tenant(tenant: Tenant, chosen: Chosen, now: float, use: bool) -> AsyncGenerator[Row, None]:
    path = tenant.namespace.path
    for mount, mounted in sorted((await tenant.mounts.router()).mounts.items()):
        if not mounted.type.algorithms or (path, mount) < chosen.after[:2] or chosen.mount not in ("", mount):
            continue
        storage = tenant.view.within(mounted.entry.storage_prefix)
        place = Place(mount, path)
        after = chosen.after[2] if (path, mount) == chosen.after[:2] else ""
        names = [chosen.name] if chosen.name else None
        first = True
        while names is None or first:
            page = names
            if page is None:
                # One name earlier, so that the other versions of the last key are found.
                page = await _names(tenant, mounted.entry.storage_prefix, after, inclusive=first)
            first = False
            if not page:
                break
            for number, name in enumerate(page):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                for row in await rows_of_key(storage, mounted.entry.uuid, place, name, now, use=use):
                    if row.sort_key > chosen.after:
                        yield row
            after = page[-1]


async def _names(tenant: Tenant, prefix: str, after: str, *, inclusive: bool) -> list[str]:
    """The next names of keys that are or were; ``inclusive``: with ``after`` itself."""
    view = tenant.view.within(prefix)
    live, gone = await view.list(KEYS, after, _PAGE), await view.list(GONE, after, _PAGE)
    # What lies behind the end of a full list isn't known yet.
    ends = [names[-1] for names in (live, gone) if len(names) == _PAGE]
    names = [name for name in merged(live, gone) if not ends or name <= min(ends)]
    return [after, *names] if inclusive and after else names
