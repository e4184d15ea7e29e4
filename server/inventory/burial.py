"""Burial of the keys of a mount or a namespace that goes, in the namespace that stays; and the end of tombstones.

Burial comes before the removal. What it writes doesn't count while the mount or the namespace is still there, so a
crash in between loses nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from functools import partial

import msgspec

from engines.durations import SECOND
from engines.keys.counting.use_records import USES, microseconds_of, read_use_of, use_entry
from engines.keys.records import GONE as KEYS_GONE
from engines.keys.records import (
    Tombstone,
    decode_archive,
    decode_record,
    decode_tombstones,
    encode_tombstones,
    tombstones,
)
from engines.keys.store import ARCHIVES, KEYS
from engines.worker_pools import SHORT_TURN_SECONDS, in_turns
from server.inventory.gone import GONE, Buried, decode_buried, removed_at
from server.inventory.walking import names_of_keys
from server.tenants.mounts.table import Mounted
from server.tenants.tenant import Tenant
from storage.base import Transaction, transact
from storage.view import View

_PART_ROWS = 200


async def bury_mount(tenant: Tenant, path: str, now: float) -> None:
    """Keep tombstones of the keys of the mount at ``path`` of ``tenant``, which is going to be disabled."""
    mounted = (await tenant.mounts.router()).mounts.get(path)
    if mounted is not None and mounted.type.algorithms:
        await _write(tenant.view, _of_mount(tenant, mounted, "", now), now)


async def bury_namespace(tenant: Tenant, parent: Tenant, now: float) -> None:
    """Keep in ``parent`` tombstones of the keys of ``tenant``, which is going to be deleted, and those it has."""
    await _write(parent.view, _of_tenant(tenant, now), now)


async def _of_tenant(tenant: Tenant, now: float) -> AsyncIterator[Buried]:
    for mounted in (await tenant.mounts.router()).mounts.values():
        if mounted.type.algorithms:
            async for buried in _of_mount(tenant, mounted, tenant.namespace.id, now):
                yield buried
    for name in await tenant.view.list(GONE):
        value = await tenant.view.get(GONE + name)
        for buried in () if value is None else decode_buried(value):
            yield buried


async def _of_mount(tenant: Tenant, mounted: Mounted, namespace_id: str, now: float) -> AsyncIterator[Buried]:
    storage = tenant.view.within(mounted.entry.storage_prefix)
    after = ""
    while names := await names_of_keys(storage, after):
        after = names[-1]
        for name in names:
            for tombstone in await _tombstones_of(storage, name, now):
                yield Buried(
                    tenant.namespace.path,
                    namespace_id,
                    mounted.entry.path,
                    mounted.entry.uuid,
                    encode_tombstones([tombstone]),
                    await read_use_of(storage, name, tombstone.number, tombstone.created),
                )


async def _tombstones_of(storage: View, name: str, now: float) -> list[Tombstone]:
    """Tombstones of all versions of a key, as if it were destroyed ``now``, and of its predecessors."""
    gone, value = await storage.get(KEYS_GONE + name), await storage.get(KEYS + name)
    found = [] if gone is None else decode_tombstones(gone)
    if value is not None:
        record, archived = decode_record(value), await storage.get(ARCHIVES + name)
        versions = {**({} if archived is None else decode_archive(archived).versions), **record.versions}
        found += tombstones(record, versions, versions, now)
    return found


async def _write(view: View, all_buried: AsyncIterator[Buried], now: float) -> None:
    part: list[Buried] = []
    async for buried in all_buried:
        part.append(buried)
        if len(part) == _PART_ROWS:
            await _put(view, part, now)
            part = []
    if part:
        await _put(view, part, now)


async def _put(view: View, part: list[Buried], now: float) -> None:
    name = f"{GONE}{int(now):011d}-{secrets.token_hex(8)}"
    value = msgspec.msgpack.encode(part)

    async def write(transaction: Transaction) -> None:
        transaction.put(name, value)

    await transact(view, write)


async def remove_expired(tenant: Tenant, since: float) -> None:
    """Remove what ``tenant`` keeps of keys destroyed before ``since``, in seconds since the epoch, with their use."""
    for name in await tenant.view.list(GONE):
        if removed_at(name) < since:
            await transact(tenant.view, partial(_delete, name=GONE + name))
    for mounted in (await tenant.mounts.router()).mounts.values():
        if mounted.type.algorithms:
            storage = tenant.view.within(mounted.entry.storage_prefix)
            async for name in in_turns(await storage.list(KEYS_GONE), SHORT_TURN_SECONDS):
                await transact(storage, partial(_remove_expired_of, name=name, since=since))


async def _delete(transaction: Transaction, name: str) -> None:
    transaction.delete(name)


async def _remove_expired_of(transaction: Transaction, name: str, since: float) -> None:
    """Remove old tombstones of a key, and use of versions that are neither there nor have a tombstone."""
    value = await transaction.get(KEYS_GONE + name)
    found = [] if value is None else decode_tombstones(value)
    kept = [tombstone for tombstone in found if tombstone.destroyed >= since * SECOND]
    if len(kept) == len(found):
        return
    if kept:
        transaction.put(KEYS_GONE + name, encode_tombstones(kept))
    else:
        transaction.delete(KEYS_GONE + name)
    told = {_entry_of(name, tombstone.number, tombstone.created) for tombstone in kept}
    there, archived = await transaction.get(KEYS + name), await transaction.get(ARCHIVES + name)
    for versions in (
        {} if there is None else decode_record(there).versions,
        {} if archived is None else decode_archive(archived).versions,
    ):
        told |= {_entry_of(name, number, version.created) for number, version in versions.items()}
    for entry in await transaction.list(f"{USES}{name}/"):
        if entry not in told:
            transaction.delete(f"{USES}{name}/{entry}")


def _entry_of(name: str, number: int, created: int) -> str:
    return use_entry(name, number, microseconds_of(created / SECOND)).rpartition("/")[2]
