"""``crypto-policies/replay``: drafts held against the uses of keys in the audit: its ledger, or else a file.

The record is read a part at a time beside the event loop, so that others have their turn there and in the loop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from math import inf
from time import monotonic
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from engines.base import Access, Body, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest
from engines.worker_pools import Places, beside
from server.system.audit.record import SLICE_SECONDS, Record, record_of
from server.system.crypto.evaluate import draft_of
from server.system.state import System
from server.tenants.crypto_policies.documents import instant
from server.tenants.crypto_policies.replay import Replay

T = TypeVar("T")

MAX_SECONDS = 30
MAX_TOLD = 1_000
"""The most keys, and the most callers, in an answer, those with the most denials first."""

MAX_DRAFTS = 16
_PLACES = Places("replays of crypto policies", most=4, most_of_one=1)


class ReplayBody(Body):
    """Drafts, and which time of the record."""

    policy: Any = UNSET
    policies: Any = UNSET
    from_: str = msgspec.field(name="from", default="")
    until: str = ""
    max_seconds: int = MAX_SECONDS

    tells = {
        "policy": "The draft.",
        "policies": f"Several drafts, in place of `policy`; at most {MAX_DRAFTS}.",
        "from": "From when on, in RFC 3339; all there is without it.",
        "until": "Until when, in RFC 3339.",
        "max_seconds": f"How long it may take, at most {MAX_SECONDS}; then `complete_to` tells how far it came.",
    }


async def replay(system: System, call: Call, body: ReplayBody) -> Reply:
    """Tell what drafts would have refused of the recorded uses in this namespace and below."""
    end = monotonic() + min(max(1, body.max_seconds), MAX_SECONDS)
    start = instant(body.from_, "from") if body.from_ else -inf
    until = instant(body.until, "until") if body.until else inf
    given = [body.policy] if body.policies is UNSET else body.policies
    if not isinstance(given, list) or not 0 < len(given) <= MAX_DRAFTS:
        raise InvalidRequest(f"policies: must be a list of 1 to {MAX_DRAFTS} documents")
    drafts = [await draft_of(system, each) for each in given]
    counted = Replay([each for each in drafts if each is not None], system.tenant.namespace.path, start, until)
    if None in drafts:
        raise InvalidRequest("policy: must be a document")
    complete = False
    with _PLACES.taken(system.tenant.namespace.id), ExitStack() as stack:
        source = await record_of(system, start, until)
        record = await beside(partial(stack.enter_context, source))
        while not complete and monotonic() < end:
            complete = await beside(partial(_take, counted, record))
    return Reply(_shown(counted, complete=complete))


def _take(counted: Replay, record: Record) -> bool:
    """Count the next lines of ``record``; whether these were the last."""
    end = monotonic() + SLICE_SECONDS
    for lines in record:
        counted.take(lines)
        if monotonic() > end:
            return False
    return True


def _shown(counted: Replay, *, complete: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operations": counted.operations,
        "lacking": counted.lacking,
        "denied": counted.denied,
        "rules": [{"rule": rule, **dataclasses.asdict(found)} for rule, found in sorted(counted.rules.items())],
        "keys": [
            {"namespace": namespace, "mount": mount, "key": key, "denied": denied}
            for (namespace, mount, key), denied in _most(counted.keys)
        ],
        "callers": [
            {"entity_id": entity_id, "display_name": name, "denied": denied}
            for (entity_id, name), denied in _most(counted.callers)
        ],
    }
    return shown if complete else {**shown, "complete_to": counted.complete_to}


def _most(counts: Mapping[T, int]) -> list[tuple[T, int]]:
    """The highest counts first, as many as are told."""
    return sorted(counts.items(), key=lambda entry: -entry[1])[:MAX_TOLD]


REPLAY_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "crypto-policies/replay", replay, ReplayBody,
          "Tell what drafts of crypto policies would have refused of the recorded uses.", Access.SUDO, writes=False,
          scope=Scope.EACH),
)  # fmt: skip
