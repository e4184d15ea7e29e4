"""Remount: moves a mount with its data, and reports the status of moves.

Data is stored under the mount's own identifier, so a move is one small commit, finished before the answer; clients that
poll its status as with Vault find it finished. The latest moves are kept in one record of bounded size.
"""

from __future__ import annotations

import dataclasses
import uuid

import msgspec
from msgspec import Struct

from engines.base import Body, Call, Reply
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest, NotFound
from server.system.mounts.table import is_reserved, namespace_in, normal_path
from server.system.state import System
from server.tenants.mounts.table import AUTH
from storage.base import Transaction, transact

_RECORD = "sys/remounts"
_REMEMBERED = 64
_QUEUED = (
    "Mount move has been queued. Progress will be reported in OpenBao's server log, tagged with the returned "
    "migration_id"
)


class RemountBody(Body):
    """The old and the new path; both are full paths, an auth method's with ``auth/``."""

    from_: str = msgspec.field(name="from", default="")
    to: str = ""

    tells = {
        "from": "The present path, with `auth/` for an auth method.",
        "to": "The new path.",
    }


class MigrationBody(Body):
    """The id of a move."""

    migration_id: str = ""

    tells = {
        "migration_id": "The `migration_id` of the answer to the move.",
    }


class _Move(Struct, frozen=True):
    id: str
    source: str
    target: str


async def remount(system: System, call: Call, body: RemountBody) -> Reply:
    """Move a mount to another path; tokens issued at the old path are revoked."""
    if not body.from_ or not body.to:
        raise InvalidRequest("both 'from' and 'to' path must be specified as a string")
    if body.to != body.to.rstrip():
        raise InvalidRequest("'to' path cannot contain trailing whitespace")
    source, target = normal_path(body.from_), normal_path(body.to)
    await _check(system, source, target)
    await _check_keys(system, call, source, target)
    await system.tenant.mounts.remount(source, target)
    await system.tenant.leases.revoke_prefix(source)
    move = _Move(str(uuid.uuid4()), source, target)
    await _remember(system, move)
    call.warn(_QUEUED)
    return Reply({"migration_id": move.id})


async def _check(system: System, source: str, target: str) -> None:
    entry = await system.tenant.mounts.entry(source)
    if (entry is not None and entry.built_in) or (is_reserved(source) and not source.startswith(AUTH)):
        raise InvalidRequest(f'cannot remount "{source}"')
    if not target.isprintable():
        raise InvalidRequest("invalid destination mount: path cannot contain non-printable characters")
    if source.startswith(AUTH):
        if not target.startswith(AUTH):
            raise InvalidRequest(f'cannot remount auth mount to non-auth mount "{target}"')
        if target == AUTH:
            raise InvalidRequest(f"cannot remount to destination {target}")
        occupant = await system.tenant.mounts.entry(target)
        if occupant is not None and occupant.built_in:
            raise InvalidRequest(f'cannot remount to destination "{target}"')
    elif is_reserved(target):
        raise InvalidRequest(f"cannot remount to destination {target}")
    elif namespace_in(system, target) is not None:
        raise InvalidRequest("a mount can't be moved to another namespace, whose data has other keys")


async def _check_keys(system: System, call: Call, source: str, target: str) -> None:
    """Raise ``PolicyRefused`` if the crypto policy of the new place doesn't let keys of the mount be configured so."""
    mounted = (await system.tenant.mounts.router()).mounts.get(source)
    if mounted is None or not isinstance(mounted.engine, KeepsFacts):
        return
    gate = system.tenant.crypto_policies.gate(system.tenant.namespace.path, target, mounted.entry.engine_type)
    if gate.active:
        async for facts in mounted.engine.facts_of_all():
            gate.check(call, CryptoOperation.CONFIGURE, dataclasses.replace(facts, mount=target, verdicts={}))


async def _remember(system: System, move: _Move) -> None:
    async def append_move(transaction: Transaction) -> None:
        moves = [*_decode(await transaction.get(_RECORD)), move][-_REMEMBERED:]
        transaction.put(_RECORD, msgspec.msgpack.encode(moves))

    await transact(system.tenant.view, append_move)


async def read_remount_status(system: System, call: Call, body: MigrationBody) -> Reply:
    """Show the status of a move."""
    for move in _decode(await system.tenant.view.get(_RECORD)):
        if move.id == body.migration_id:
            info = {"source_mount": move.source, "target_mount": move.target, "status": "success"}
            return Reply({"migration_id": move.id, "migration_info": info})
    raise NotFound


def _decode(value: bytes | None) -> list[_Move]:
    return [] if value is None else msgspec.msgpack.decode(value, type=list[_Move])
