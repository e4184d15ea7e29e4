"""``inventory/snapshots`` and ``inventory/diff``: states of the inventory that are kept, and what has changed since."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, ClassVar

import msgspec

from engines.base import Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.durations import format_time
from engines.faults import InvalidRequest, NotFound
from engines.worker_pools import Places
from server.inventory.daily import present_rows, take_present
from server.inventory.differences import State, difference
from server.inventory.snapshots import (
    Snapshot,
    delete_snapshot,
    find_snapshot,
    list_snapshots,
    rows_of,
    snapshot_parts,
)
from server.inventory.walking import READERS
from server.system.inventory.long_answers import data_reply
from server.system.state import System
from server.tenants.tenant import Tenant

NOW = "now"

COMPARERS = Places("comparisons of the inventory", most=4, most_of_one=2)
"""Requests that hold digests of all rows."""


class SnapshotBody(Body):
    """The id of a snapshot."""

    path_only: ClassVar[frozenset[str]] = frozenset({"id"})

    id: str = ""

    tells = {"id": "The id of the snapshot."}


class DiffBody(Body):
    """Two states."""

    from_: str = msgspec.field(name="from", default="")
    to: str = NOW

    tells = {
        "from": "Required. The id of the earlier snapshot.",
        "to": f"The id of the later snapshot, or `{NOW}`.",
    }


async def make_snapshot(system: System, call: Call, body: Nothing) -> Reply:
    """Keep the present state of the inventory of this namespace and those below."""
    await system.unsealed.use_writer.flush_all()
    most = system.core.runtime.settings.inventory_snapshots
    return Reply(_describe(await take_present(system.unsealed, system.tenant, call.now, most)))


async def list_kept(system: System, call: Call, body: Nothing) -> Reply:
    """List the snapshots of this namespace, the oldest first."""
    kept = await list_snapshots(system.tenant.view)
    return Reply({"keys": [each.id for each in kept], "key_info": {each.id: _describe(each) for each in kept}})


async def read_snapshot(system: System, call: Call, body: SnapshotBody) -> Reply:
    """Show a snapshot with its rows."""
    snapshot = await find_snapshot(system.tenant.view, body.id)
    if snapshot is None:
        raise NotFound
    return await data_reply(call, _with_rows(system.tenant, snapshot))


async def _with_rows(tenant: Tenant, snapshot: Snapshot) -> AsyncGenerator[bytes, None]:
    """The description of a snapshot with its rows, as JSON."""
    yield msgspec.json.encode(_describe(snapshot))[:-1] + b',"versions":'
    with READERS.taken(tenant.namespace.id):
        async with aclosing(snapshot_parts(tenant.view, snapshot)) as parts:
            async for part in parts:
                yield part
    yield b"}"


async def remove_snapshot(system: System, call: Call, body: SnapshotBody) -> None:
    """Delete a snapshot."""
    await delete_snapshot(system.tenant.view, body.id)


async def compare(system: System, call: Call, body: DiffBody) -> Reply:
    """Tell which key versions were added, removed and changed between two states."""
    before, after = await _state(system, body.from_, call.now), await _state(system, body.to, call.now)
    return await data_reply(call, _compared(system.tenant, before, after))


async def _compared(tenant: Tenant, before: State, after: State) -> AsyncGenerator[bytes, None]:
    with COMPARERS.taken(tenant.namespace.id):
        async with aclosing(difference(before, after)) as parts:
            async for part in parts:
                yield part


async def _state(system: System, id_: str, now: float) -> State:
    """The rows of a snapshot, or the present ones. Raises ``InvalidRequest`` if there is no such snapshot."""
    if id_ == NOW:
        return partial(present_rows, system.unsealed, system.tenant, now)
    snapshot = await find_snapshot(system.tenant.view, id_)
    if snapshot is None:
        raise InvalidRequest(f'there is no snapshot "{id_}"; LIST sys/inventory/snapshots has their ids')
    return partial(rows_of, system.tenant.view, snapshot)


def _describe(snapshot: Snapshot) -> dict[str, Any]:
    return {"id": snapshot.id, "created": format_time(snapshot.created), "sha256": snapshot.sha256}


SNAPSHOT_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "inventory/snapshots", make_snapshot, Nothing, "Make a snapshot of the inventory.",
          scope=Scope.EACH),
    Route(Operation.LIST, "inventory/snapshots", list_kept, Nothing, "List the snapshots.", writes=False,
          scope=Scope.EACH),
    Route(Operation.READ, "inventory/snapshots/{id:any}", read_snapshot, SnapshotBody, "Show a snapshot.", writes=False,
          scope=Scope.EACH),
    Route(Operation.DELETE, "inventory/snapshots/{id:any}", remove_snapshot, SnapshotBody, "Delete a snapshot.",
          scope=Scope.EACH),
    Route(Operation.READ, "inventory/diff", compare, DiffBody,
          "Compare two snapshots, or a snapshot with the present state.", writes=False, scope=Scope.EACH),
)  # fmt: skip
