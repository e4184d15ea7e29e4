"""The barrier's encryption key: its state, and its rotation, by hand or when it is due.

Rotation adds a key under which everything is encrypted from then on; older ones stay for what they have encrypted. AES
with random nonces of 96 bits should not encrypt too often under one key (NIST SP 800-38D), hence the limit.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Nothing, Reply
from engines.durations import format_go_duration, format_time
from engines.faults import InvalidRequest
from engines.fields import Duration
from storage.base import Reader, Transaction, transact

if TYPE_CHECKING:
    from server.system.engine import System

log = logging.getLogger(__name__)

_RECORD = "sys/rotation"
_FEWEST_OPERATIONS = 1_000_000
_MOST_OPERATIONS = 3_865_470_566
_SHORTEST_INTERVAL_SECONDS = 24 * 3600


class RotationBody(Body):
    """When to rotate without being asked; what isn't given stays."""

    enabled: bool | UnsetType = UNSET
    max_operations: int | UnsetType = UNSET
    interval: Duration | UnsetType = UNSET


class _Rotation(Struct, frozen=True):
    enabled: bool = True
    max_operations: int = _MOST_OPERATIONS
    interval_seconds: int = 0
    """0 for no interval."""


async def read_key_status(system: System, call: Call, body: Nothing) -> Reply:
    """Show the newest key's number, age and use."""
    status = await system.core.barrier.key_status()
    return Reply(
        {"term": status.term, "install_time": format_time(status.installed), "encryptions": status.encryptions}
    )


async def rotate(system: System, call: Call, body: Nothing) -> None:
    """Add a key, which encrypts everything from now on."""
    await system.core.barrier.rotate()


async def read_rotation(system: System, call: Call, body: Nothing) -> Reply:
    """Show when the key is rotated without being asked."""
    rotation = await _load(system.tenant.view)
    interval: Any = format_go_duration(rotation.interval_seconds) if rotation.interval_seconds else 0
    return Reply({"enabled": rotation.enabled, "max_operations": rotation.max_operations, "interval": interval})


async def write_rotation(system: System, call: Call, body: RotationBody) -> None:
    """Set when the key is rotated without being asked."""
    changes: dict[str, Any] = {}
    if body.enabled is not UNSET:
        changes["enabled"] = body.enabled
    if body.max_operations is not UNSET:
        if not _FEWEST_OPERATIONS <= body.max_operations <= _MOST_OPERATIONS:
            raise InvalidRequest(f"max_operations must be in the range [{_FEWEST_OPERATIONS},{_MOST_OPERATIONS}]")
        changes["max_operations"] = body.max_operations
    if body.interval is not UNSET:
        if 0 < body.interval < _SHORTEST_INTERVAL_SECONDS:
            shortest = format_go_duration(_SHORTEST_INTERVAL_SECONDS)
            raise InvalidRequest(f"interval must be greater or equal to {shortest}")
        changes["interval_seconds"] = body.interval

    async def work(transaction: Transaction) -> None:
        transaction.put(_RECORD, msgspec.msgpack.encode(replace(await _load(transaction), **changes)))

    await transact(system.tenant.view, work)


async def rotate_when_due(system: System, now: float) -> None:
    """Rotate if the newest key is too old or has encrypted too often."""
    rotation = await _load(system.tenant.view)
    if not rotation.enabled:
        return
    status = await system.core.barrier.key_status()
    too_old = rotation.interval_seconds and now - status.installed >= rotation.interval_seconds
    if too_old or status.encryptions >= rotation.max_operations:
        term = await system.core.barrier.rotate()
        log.info("the barrier's key was due and has been rotated; term %d", term)


async def _load(reader: Reader) -> _Rotation:
    value = await reader.get(_RECORD)
    return _Rotation() if value is None else msgspec.msgpack.decode(value, type=_Rotation)
