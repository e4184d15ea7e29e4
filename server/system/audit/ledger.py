"""The audit ledger through the API: its state, its files, proofs of requests, and queries."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec import UNSET, UnsetType

from engines.base import Access, Body, Call, Nothing, Operation, Raw, Reply, Route, Row, Scope
from engines.durations import SECOND, format_time_nanoseconds
from engines.faults import Failed, InvalidRequest, NotFound, NotYet
from server.audit.ledger.asked import AskedLog, asked_server, asked_tenant
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.directory import CHECKPOINT
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.device.witnesses import quorum_missing_seconds
from server.audit.ledger.lookup import answer_query, pending_entries, prove, read_file
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.query import Query
from server.system.state import System

T = TypeVar("T")

_MAX_ID_CHARACTERS = 128
_DEFAULT_LIMIT, _MAX_LIMIT = 100, 1000
_MAX_INDEX = 2**63 - 1
NOT_ENABLED = "no audit ledger is enabled"
_IN_MEMORY = frozenset({"inmem"})
"""Stores that forget."""


class LedgerPathBody(Body):
    """Names a file of the log."""

    path: str = ""

    tells = {
        "path": "`checkpoint`, `policy`, `large/SHA256`, the path of a tile (tlog-tiles), `checkpoints/SIZE`, or "
        "`checkpoints` for a list of these.",
    }


class ProofBody(Body):
    """Names a request."""

    request_id: str = ""

    tells = {
        "request_id": "The request id, from the header `X-Vault-Request-Id` of its answer.",
    }


class QueryBody(Body):
    """The criteria of a query: all that are given must match."""

    request_id: str = ""
    after: str = ""
    before: str = ""
    namespace: str = ""
    entity_id: str = ""
    accessor: str = ""
    operation: str = ""
    mount: str = ""
    path_prefix: str = ""
    key: str = ""
    key_version: int = 0
    algorithm: str = ""
    success: bool | UnsetType = UNSET
    verdict: str = ""
    crypto_operation: str = ""
    limit: int = _DEFAULT_LIMIT
    cursor: str = ""

    tells = {
        "request_id": "A request id.",
        "after": "The earliest time, as in `2026-11-27T05:00:00Z`.",
        "before": "The end of the time range, exclusive.",
        "namespace": "The path or the id of a namespace; `root` for the root namespace.",
        "entity_id": "The caller's entity.",
        "accessor": "The accessor of the caller's token, unhashed.",
        "operation": "Vault's operation, such as `update`.",
        "mount": "The mount, such as `transit/`.",
        "path_prefix": "How the path begins.",
        "key": "The key's name.",
        "key_version": "A version of the key.",
        "algorithm": "The type of the key.",
        "success": "Whether the request was successful.",
        "verdict": "The verdict of the crypto policy.",
        "crypto_operation": "The operation on the key, such as `encrypt`.",
        "limit": "The most entries, up to 1,000.",
        "cursor": "The `cursor` of the previous page.",
    }


async def read_status(system: System, call: Call, body: Nothing) -> Reply:
    """Tell the state of the ledger."""
    log = await asked_log(system)
    state = log.state
    return Reply(
        {
            "origin": state.origin,
            "size": state.size,
            "root": base64.b64encode(state.root).decode(),
            "verifier_keys": [] if log.keys is None else log.keys.policy_keys(state.origin),
            "pending_entries": await look_up(system, partial(pending_entries, log)),
            "checkpoint_time": format_time_nanoseconds(state.time) if state.size else None,
            "remembered": system.core.runtime.settings.storage_type not in _IN_MEMORY,
            "witnesses": [
                {
                    "name": one.name,
                    "state": one.state if one.size == state.size or one.state != "ok" else "behind",
                    "size": one.size,
                    "time": format_time_nanoseconds(one.time) if one.time else None,
                }
                for one in state.witnesses
            ],
            "quorum_missing_seconds": quorum_missing_seconds(state, time.time_ns()),
        }
    )


async def read_checkpoint(system: System, call: Call, body: Nothing) -> Reply:
    "Return the newest signed checkpoint."
    file = await look_up(system, partial(read_file, (await begun_log(system)).path, CHECKPOINT))
    return Reply({"checkpoint": file.content.decode()})


async def read_log_file(system: System, call: Call, body: LedgerPathBody) -> Reply:
    """Give a file of the log as it is."""
    file = await look_up(system, partial(read_file, (await begun_log(system)).path, body.path))
    return Reply(raw=Raw(file.content_type, file.content))


async def read_proof(system: System, call: Call, body: ProofBody) -> Reply:
    """Prove that the entries of a request are in the log."""
    if not 0 < len(body.request_id) <= _MAX_ID_CHARACTERS:
        raise InvalidRequest("request_id is required, and has at most 128 characters")
    log, key = await asked_log(system), await system.unsealed.audit.ledger.ledgers.index_key()
    found = await look_up(system, partial(prove, log, body.request_id, key))
    return Reply(
        {
            "entries": [
                {"type": one.type, "index": one.index, "entry": one.entry.decode(), "proof": str(one.proof)}
                for one in found
            ]
        }
    )


async def query(system: System, call: Call, body: QueryBody) -> Reply:
    """Find entries by what they say, each proven, as far as time allows."""
    if not 0 < body.limit <= _MAX_LIMIT:
        raise InvalidRequest(f"limit is between 1 and {_MAX_LIMIT}")
    log, key = await begun_log(system), await system.unsealed.audit.ledger.ledgers.index_key()
    wanted = _query(system, body)
    first = max(_cursor(body.cursor), log.pruned)
    answer, size = await look_up(system, partial(answer_query, log.path, wanted, first, body.limit, key))
    last = answer.next_index - 1
    return Reply(
        {
            "entries": [{"index": hit.index, "entry": hit.entry.decode()} for hit in answer.hits],
            "cursor": str(answer.next_index) if answer.next_index < size else None,
            "complete_to": {"index": last if last >= 0 else None, "time": answer.time or None},
        }
    )


def _query(system: System, body: QueryBody) -> Query:
    accessor = system.unsealed.audit.ledger_accessor(body.accessor) if body.accessor else None
    return Query(
        request_id=body.request_id or None,
        after=_time(body.after, "after"),
        before=_time(body.before, "before"),
        namespace=body.namespace or None,
        entity_id=body.entity_id or None,
        accessor=accessor,
        operation=body.operation or None,
        mount=body.mount or None,
        path_prefix=body.path_prefix or None,
        key=body.key or None,
        key_version=body.key_version or None,
        algorithm=body.algorithm or None,
        success=None if isinstance(body.success, UnsetType) else body.success,
        verdict=body.verdict or None,
        crypto_operation=body.crypto_operation or None,
    )


def _time(text: str, name: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_INDEX // SECOND)):
        return int(text) * SECOND
    nanoseconds = Clock().nanoseconds(text)
    if nanoseconds is None:
        raise InvalidRequest(f"{name} is a time such as 2026-11-27T05:00:00Z, or seconds since 1970")
    return nanoseconds


def _cursor(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MAX_INDEX)):
        raise InvalidRequest("cursor is the cursor of an earlier answer")
    return int(text)


async def look_up(system: System, work: Callable[[], T]) -> T:
    """The result of ``work``, in the turn of the tenant that asks. Raises ``Unavailable`` if too many of it wait."""
    tenant = system.tenant.namespace.path.partition("/")[0]
    return await system.unsealed.audit.ledger.turns.take(tenant, work)


async def enabled_ledger(system: System) -> tuple[LedgerDevice, LedgerState]:
    """The enabled ledger and what is remembered of it. Raises ``NotFound`` if there is none."""
    host = system.unsealed.audit.ledger
    device = host.device
    state = None if device is None else await host.ledgers.state(device.settings.origin)
    if device is None or state is None:
        raise NotFound(NOT_ENABLED)
    return device, state


async def asked_log(system: System) -> AskedLog:
    """The log of the namespace that is asked: the server's for the root. Raises ``NotFound``, ``Failed``."""
    host = system.unsealed.audit.ledger
    device, state = await enabled_ledger(system)
    namespace = system.tenant.namespace
    path = device.directory.path
    if not namespace.path:
        return await asked_server(path, state, host.ledgers)
    log = await asked_tenant(path, state, host.ledgers, host.tenants(state.origin), namespace.id)
    if log.lost:
        raise Failed("the audit log of this namespace can't be brought to what is remembered of it", wrapped=False)
    return log


async def begun_log(system: System) -> AskedLog:
    """As ``asked_log``; raises ``NotYet`` too, before its first entry."""
    log = await asked_log(system)
    if not log.begun:
        raise NotYet("this namespace has no entry in its audit log yet", retry_after_seconds=1)
    return log


LEDGER_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "audit-ledger/status", read_status, Nothing, "Show the state of the audit ledger.",
          Access.SUDO, writes=False, scope=Scope.EACH),
    Route(Operation.READ, "audit-ledger/checkpoint", read_checkpoint, Nothing, "Return the newest signed checkpoint.",
          Access.SUDO, writes=False, scope=Scope.EACH),
    Route(Operation.READ, "audit-ledger/log/{path:path}", read_log_file, LedgerPathBody, "Return a file of the log.",
          Access.SUDO, writes=False, scope=Scope.EACH),
    Route(Operation.READ, "audit-ledger/proof", read_proof, ProofBody,
          "Return a proof that a request's entries are in the log.", Access.SUDO, writes=False, scope=Scope.EACH),
    Route(Operation.UPDATE, "audit-ledger/query", query, QueryBody, "Search the entries by their fields.",
          Access.SUDO, writes=False, scope=Scope.EACH),
)  # fmt: skip
