"""Changes of the audit ledger: rotation, pruning, and acceptance of a loss."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from engines.base import Access, Body, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest, NotFound, NotYet, Unavailable
from engines.fields import Duration
from server.audit.ledger.asked import AskedLog, any_of_tenants, asked_server, asked_tenant
from server.audit.ledger.device.directory import LedgerDirectory
from server.audit.ledger.device.pruning import archive, remove
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.log.tiles import WIDTH
from server.seal.accept_loss import accept_loss
from server.system.audit.ledger import begun_log, enabled_ledger, look_up
from server.system.seal.shares import MISSING, decode_share
from server.system.state import System

_SHORTEST_OVERLAP_SECONDS, _LONGEST_OVERLAP_SECONDS = 1, 366 * 86_400
_SHORTEST_TENANT_OVERLAP_SECONDS = 60
"""A namespace's log is signed every 10 seconds, and its older keys have to sign the entry that names the new ones."""

_DAY_SECONDS = 86_400


class RotateLedgerBody(Body):
    """Duration for which old keys sign beside new ones."""

    overlap: Duration = _DAY_SECONDS

    tells = {
        "overlap": "The time for which the present keys sign beside the new ones: a duration of 1 second, in a "
        "namespace 60 seconds, to a year. Default: 24 hours.",
    }


class PruneBody(Body):
    """Entries to be pruned, and the archive for them."""

    below: int = 0
    archive: str = ""
    namespace: str = ""

    tells = {
        "below": "The index of the first entry that stays, rounded down to a multiple of 256.",
        "archive": "Required. The absolute path of a directory on the server, to which the entries are copied first.",
        "namespace": "The id of a namespace whose log is pruned. Default: the server's log.",
    }


class AcceptLossBody(Body):
    """One share, and what happened."""

    key: str = ""
    reason: str = ""

    tells = {
        "key": "An unseal share, or a recovery share with an automatic seal, in hexadecimal or base64.",
        "reason": "The reason, up to 1,000 characters. That of the last share is recorded in the new log.",
    }


async def rotate_ledger_keys(system: System, call: Call, body: RotateLedgerBody) -> Reply:
    """Have new keys sign the ledger, which an entry of it names; those before are destroyed after an overlap."""
    if not _SHORTEST_OVERLAP_SECONDS <= body.overlap <= _LONGEST_OVERLAP_SECONDS:
        raise InvalidRequest("overlap is between 1 second and 366 days")
    host = system.unsealed.audit.ledger
    log = await begun_log(system)
    namespace = system.tenant.namespace
    overlap = body.overlap
    if namespace.path and overlap < _SHORTEST_TENANT_OVERLAP_SECONDS:
        overlap = _SHORTEST_TENANT_OVERLAP_SECONDS
        call.warn(f"the overlap is {overlap} seconds: the log of a namespace needs as long to be signed")
    keys = await (host.rotate_tenant(namespace.id, overlap) if namespace.path else host.rotate(overlap))
    return Reply({"verifier_keys": keys.present.verifiers(log.state.origin), "overlap": overlap})


async def prune_ledger(system: System, call: Call, body: PruneBody) -> Reply:
    """Move the oldest entries to an archive, of the server's log or of a namespace's."""
    host = system.unsealed.audit.ledger
    device, state = await enabled_ledger(system)
    log = await _log_to_prune(system, state, body.namespace)
    below = body.below // WIDTH * WIDTH
    if not log.pruned < below <= log.state.size:
        raise InvalidRequest(
            f"below is more than the {log.pruned} entries that are pruned already, by a multiple of {WIDTH}, and at "
            f"most the size of the log, {log.state.size}"
        )
    if not body.namespace:
        if device.witness_policy is not None and device.witness_policy.witnesses and below > state.witnessed:
            raise InvalidRequest(f"the witnesses have signed {state.witnessed} entries; below is at most that")
        position = await host.tenants(state.origin).position()
        if await look_up(system, partial(any_of_tenants, log.path, state, position, below)):
            raise NotYet("the logs of namespaces get some of these entries first", retry_after_seconds=1)
    target = _archive(body.archive, device.directory.path)
    files = LedgerDirectory(log.path)
    of = {"namespace": {"id": body.namespace}} if body.namespace else {}
    try:
        await look_up(system, partial(archive, files, log.pruned, below, target))
        await host.note("pruned", {**of, "below": below})
        await host.ledgers.set_pruned(log.state.origin, below)
        await look_up(system, partial(remove, files, log.pruned, below))
    except OSError as error:
        raise Unavailable(f"the audit ledger can't be pruned: {(error.strerror or 'error').lower()}") from error
    return Reply({"below": below})


async def _log_to_prune(system: System, state: LedgerState, namespace_id: str) -> AskedLog:
    """The server's log, or that of a namespace, which may be deleted. Raises ``NotFound``."""
    host = system.unsealed.audit.ledger
    device, _ = await enabled_ledger(system)
    if not namespace_id:
        return await asked_server(device.directory.path, state, host.ledgers)
    logs = host.tenants(state.origin)
    log = await asked_tenant(device.directory.path, state, host.ledgers, logs, namespace_id)
    if not log.begun or log.lost:
        raise NotFound("this namespace has no audit log")
    return log


async def accept_ledger_loss(system: System, call: Call, body: AcceptLossBody) -> Reply:
    """Take one share; with enough of them, the next start may begin a new log where the old one is lost."""
    if call.in_namespace:
        raise InvalidRequest("operation unavailable in namespaces")
    if not body.key:
        raise InvalidRequest(MISSING)
    status = await accept_loss(system.core, decode_share(body.key), body.reason)
    return Reply({"t": status.threshold, "progress": status.progress, "accepted": status.accepted})


def _archive(text: str, log: Path) -> Path:
    """The archive's directory. Raises ``InvalidRequest``."""
    if not os.path.isabs(text) or "\0" in text:
        raise InvalidRequest("archive is an absolute path of a directory on the server")
    path = Path(os.path.realpath(text))
    own = Path(os.path.realpath(log))
    if path == own or own in path.parents or path in own.parents:
        raise InvalidRequest("the archive lies outside of the ledger's directory")
    if path.exists() and (not path.is_dir() or (not (path / "checkpoint").exists() and any(path.iterdir()))):
        raise InvalidRequest("the archive is a directory that is new, empty, or has earlier entries of the log")
    return path


LEDGER_CHANGE_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "audit-ledger/rotate", rotate_ledger_keys, RotateLedgerBody,
          "Rotate the keys of the audit ledger.", Access.SUDO, scope=Scope.EACH),
    Route(Operation.UPDATE, "audit-ledger/prune", prune_ledger, PruneBody,
          "Move the oldest entries of the audit ledger to an archive.", Access.SUDO, scope=Scope.ROOT),
    Route(Operation.UPDATE, "audit-ledger/accept-loss", accept_ledger_loss, AcceptLossBody,
          "Submit one share to accept the loss of an audit ledger.", Access.OPEN, scope=Scope.ROOT),
)  # fmt: skip
