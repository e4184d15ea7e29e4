"""The barrier's encryption key: its status, its rotation on request, and the settings of automatic rotation."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Nothing, Reply
from engines.durations import format_go_duration, format_time
from engines.faults import InvalidRequest
from engines.fields import Duration
from server.seal.barrier_rotation import MOST_OPERATIONS, RECORD, load_rotation
from server.system.state import System
from storage.base import Transaction, transact

_FEWEST_OPERATIONS = 1_000_000
_SHORTEST_INTERVAL_SECONDS = 24 * 3600


class RotationBody(Body):
    """The settings of automatic rotation; omitted ones are unchanged."""

    enabled: bool | UnsetType = UNSET
    max_operations: int | UnsetType = UNSET
    interval: Duration | UnsetType = UNSET

    tells = {
        "enabled": "Whether the barrier's key is rotated automatically.",
        "max_operations": "The number of encryptions after which the barrier's key is rotated.",
        "interval": "The age at which the barrier's key is rotated: a duration of at least a day; 0 for no limit.",
    }


async def read_key_status(system: System, call: Call, body: Nothing) -> Reply:
    """Show the newest key's number, age and use."""
    status = await system.core.runtime.barrier.key_status()
    return Reply(
        {"term": status.term, "install_time": format_time(status.installed), "encryptions": status.encryptions}
    )


async def rotate(system: System, call: Call, body: Nothing) -> None:
    """Add a key, which encrypts all data from now on."""
    await system.core.runtime.barrier.rotate()


async def read_rotation(system: System, call: Call, body: Nothing) -> Reply:
    """Show the settings of automatic rotation."""
    rotation = await load_rotation(system.tenant.view)
    interval: Any = format_go_duration(rotation.interval_seconds) if rotation.interval_seconds else 0
    return Reply({"enabled": rotation.enabled, "max_operations": rotation.max_operations, "interval": interval})


async def write_rotation(system: System, call: Call, body: RotationBody) -> None:
    """Change the settings of automatic rotation."""
    changes: dict[str, Any] = {}
    if body.enabled is not UNSET:
        changes["enabled"] = body.enabled
    if body.max_operations is not UNSET:
        if not _FEWEST_OPERATIONS <= body.max_operations <= MOST_OPERATIONS:
            raise InvalidRequest(f"max_operations must be in the range [{_FEWEST_OPERATIONS},{MOST_OPERATIONS}]")
        changes["max_operations"] = body.max_operations
    if body.interval is not UNSET:
        if 0 < body.interval < _SHORTEST_INTERVAL_SECONDS:
            shortest = format_go_duration(_SHORTEST_INTERVAL_SECONDS)
            raise InvalidRequest(f"interval must be greater or equal to {shortest}")
        changes["interval_seconds"] = body.interval

    async def write_changes(transaction: Transaction) -> None:
        transaction.put(RECORD, msgspec.msgpack.encode(replace(await load_rotation(transaction), **changes)))

    await transact(system.tenant.view, write_changes)
