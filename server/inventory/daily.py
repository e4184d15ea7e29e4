"""Snapshots of the present state of the inventory: on request, and one each day."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from engines.faults import RateLimited
from engines.keys.counting.use_records import DAY_SECONDS
from server.core.unsealed import Unsealed
from server.inventory.burial import remove_expired
from server.inventory.describing import describe_state
from server.inventory.snapshots import Snapshot, take_snapshot
from server.inventory.walking import Chosen, all_rows
from server.tenants.tenant import Tenant
from storage.base import Transaction, transact

_DAILY = "sys/inventory/daily"


async def present_rows(unsealed: Unsealed, tenant: Tenant, now: float) -> AsyncGenerator[dict[str, Any], None]:
    """The states of all key versions of ``tenant`` and of the namespaces below, at ``now``."""
    async with aclosing(all_rows(unsealed, tenant, Chosen(), now, use=False)) as rows:
        async for row in rows:
            yield describe_state(row)


async def take_present(unsealed: Unsealed, tenant: Tenant, now: float, most: int) -> Snapshot:
    """Make a snapshot of the present state, and remove the oldest ones beyond ``most``.

    Its hash is entered into the audit ledger, if there is one. Raises ``Unavailable`` if that doesn't take it.
    """
    async with aclosing(present_rows(unsealed, tenant, now)) as rows:
        snapshot = await take_snapshot(tenant.view, rows, now, most)
    ledger = unsealed.audit.ledger
    if ledger.device is not None:
        members: dict[str, object] = {
            "namespace": tenant.namespace.path,
            "snapshot": snapshot.id,
            "sha256": snapshot.sha256,
        }
        await ledger.note("inventory", members)
    return snapshot


async def take_daily(unsealed: Unsealed, tenant: Tenant, now: float, most: int) -> None:
    """Make the snapshot of the day when this is first called after 00:00 UTC, and remove what has been kept for long.

    It is called again and again, by one process. The day on which the server first runs has no snapshot.
    """
    today = int(now // DAY_SECONDS)
    value = await tenant.view.get(_DAILY)
    latest = today if value is None else msgspec.msgpack.decode(value, type=int)
    if value is not None and latest >= today:
        return

    async def note_day(transaction: Transaction) -> None:
        transaction.put(_DAILY, msgspec.msgpack.encode(today))

    if latest < today:
        try:
            await take_present(unsealed, tenant, now, most)
        except RateLimited:
            return  # The next call tries again.
        await _remove_expired(unsealed, tenant, now - unsealed.retention_seconds)
    await transact(tenant.view, note_day)


async def _remove_expired(unsealed: Unsealed, tenant: Tenant, since: float) -> None:
    await remove_expired(tenant, since)
    for entry in unsealed.namespaces.descendants(tenant.namespace.path):
        async with unsealed.tenants.visit(entry) as below:
            await remove_expired(below, since)
