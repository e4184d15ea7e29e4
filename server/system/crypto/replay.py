"""``crypto-policies/replay``: drafts evaluated for the recorded uses of keys, in the audit's ledger or file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import UNSET

from engines.base import Access, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest
from engines.worker_pools import Places
from server.system.audit.record import Period, PeriodBody, open_record
from server.system.crypto.evaluate import draft_of
from server.system.state import System
from server.tenants.crypto_policies.replay import Replay

T = TypeVar("T")

MAX_TOLD = 1_000
"""The most keys, and the most callers, in an answer, those with the most denials first."""

MAX_DRAFTS = 16
_PLACES = Places("replays of crypto policies", most=4, most_of_one=1)


class ReplayBody(PeriodBody):
    """Drafts, and which time of the record."""

    policy: Any = UNSET
    policies: Any = UNSET

    tells = {
        **PeriodBody.tells,
        "policy": "The draft.",
        "policies": f"Several drafts, at most {MAX_DRAFTS}; instead of `policy`.",
    }


async def replay(system: System, call: Call, body: ReplayBody) -> Reply:
    """Tell what drafts would have refused of the recorded uses in this namespace and below."""
    period = Period.of(body)
    given = [body.policy] if body.policies is UNSET else body.policies
    if not isinstance(given, list) or not 0 < len(given) <= MAX_DRAFTS:
        raise InvalidRequest(f"policies: must be a list of 1 to {MAX_DRAFTS} documents")
    drafts = [await draft_of(system, each) for each in given]
    path = system.tenant.namespace.path
    counted = Replay([each for each in drafts if each is not None], path, period.start, period.until)
    if None in drafts:
        raise InvalidRequest("policy: must be a document")
    async with open_record(system, period, _PLACES) as record:
        while record.has_more():
            await record.read(counted.take)
    return Reply(_shown(counted, complete=record.complete))


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
          "Show which recorded uses drafts of crypto policies would have refused.", Access.SUDO, writes=False,
          scope=Scope.EACH),
)  # fmt: skip
