"""Changes of the audit ledger: its keys, what of it is kept, and the loss of it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from engines.base import Access, Body, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest, Unavailable
from engines.fields import Duration
from server.audit.ledger.device.pruning import archive, remove
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.lookup import look_up
from server.seal.accept_loss import accept_loss
from server.system.audit.ledger import enabled_ledger
from server.system.seal.shares import MISSING, decode_share
from server.system.state import System

_SHORTEST_OVERLAP_SECONDS, _LONGEST_OVERLAP_SECONDS = 1, 366 * 86_400
_DAY_SECONDS = 86_400


class RotateLedgerBody(Body):
    """Duration for which old keys sign beside new ones."""

    overlap: Duration = _DAY_SECONDS

    tells = {
        "overlap": "How long the present keys go on to sign beside the new ones, from 1 second to a year; 24 hours "
        "without it.",
    }


class PruneBody(Body):
    """Entries to be pruned, and the archive for them."""

    below: int = 0
    archive: str = ""

    tells = {
        "below": "The first entry that stays; it is rounded down to a multiple of 256.",
        "archive": "The directory on the server to which everything is copied first: an absolute path. Required.",
    }


class AcceptLossBody(Body):
    """One share, and what happened."""

    key: str = ""
    reason: str = ""

    tells = {
        "key": "An unseal share, or a recovery share with an automatic seal, in hexadecimal or base64.",
        "reason": "What happened, in up to 1,000 characters; that of the last share stands in the new log.",
    }


async def rotate_ledger_keys(system: System, call: Call, body: RotateLedgerBody) -> Reply:
    """Have new keys sign the ledger, which an entry of it names; those before are destroyed after an overlap."""
    if not _SHORTEST_OVERLAP_SECONDS <= body.overlap <= _LONGEST_OVERLAP_SECONDS:
        raise InvalidRequest("overlap is between 1 second and 366 days")
    _, state = await enabled_ledger(system)
    keys = await system.unsealed.audit.ledger.rotate(body.overlap)
    return Reply({"verifier_keys": keys.present.verifiers(state.origin), "overlap": body.overlap})


async def prune_ledger(system: System, call: Call, body: PruneBody) -> Reply:
    """Move the oldest entries to an archive."""
    host = system.unsealed.audit.ledger
    device, state = await enabled_ledger(system)
    below = body.below // WIDTH * WIDTH
    first = await host.ledgers.pruned(state.origin)
    if not first < below <= state.size:
        raise InvalidRequest(
            f"below is more than the {first} entries that are pruned already, by a multiple of {WIDTH}, and at most "
            f"the size of the log, {state.size}"
        )
    if device.witness_policy is not None and device.witness_policy.witnesses and below > state.witnessed:
        raise InvalidRequest(f"the witnesses have signed {state.witnessed} entries; below is at most that")
    target = _archive(body.archive, device.directory.path)
    try:
        await look_up(partial(archive, device.directory, first, below, target))
        await host.note("pruned", {"below": below})
        await host.ledgers.set_pruned(state.origin, below)
        await look_up(partial(remove, device.directory, first, below))
    except OSError as error:
        raise Unavailable(f"the audit ledger can't be pruned: {(error.strerror or 'error').lower()}") from error
    return Reply({"below": below})


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
          "Change the keys of the audit ledger.", Access.SUDO, scope=Scope.ROOT),
    Route(Operation.UPDATE, "audit-ledger/prune", prune_ledger, PruneBody,
          "Move the oldest entries of the audit ledger to an archive.", Access.SUDO, scope=Scope.ROOT),
    Route(Operation.UPDATE, "audit-ledger/accept-loss", accept_ledger_loss, AcceptLossBody,
          "Take one share to accept the loss of an audit ledger.", Access.OPEN, scope=Scope.SERVER),
)  # fmt: skip
