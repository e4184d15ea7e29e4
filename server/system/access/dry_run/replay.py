"""``policies/acl-replay``: which recorded requests edited policies would decide otherwise.

Each request of the audit is decided twice, with the policies as they are and with the edited ones. Of parameters the
record has only hashes: a rule with conditions leaves a request undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from engines.base import Access, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest
from engines.worker_pools import Places
from server.system.access.dry_run.trial import MAX_DRAFTS, OPERATIONS, Asker, Drafts, Trial, drafts_of
from server.system.audit.record import Period, PeriodBody, open_record
from server.system.state import System
from server.tenants.mounts.table import Router
from server.tenants.policies.acl import Acl

MAX_TOLD = 1_000
"""The most changes that are told apart, those of the most requests first."""

MAX_IDS = 10
"""The most request ids for each change."""

_MAX_KINDS = 20_000
"""The most kinds of requests whose decisions are kept."""

_MAX_ACLS = 64
_PLACES = Places("replays of policies", most=4, most_of_one=1)


class ReplayBody(PeriodBody):
    """Edited policies, and which time of the record."""

    drafts: Any = {}

    tells = {
        **PeriodBody.tells,
        "drafts": f"Required. Texts of policies by name, at most {MAX_DRAFTS}; null for a deleted policy.",
    }


class _RecordedResults(Struct, frozen=True):
    allowed: bool = False


class _RecordedAuth(Struct, frozen=True):
    policies: tuple[str, ...] = ()
    entity_id: str = ""
    display_name: str = ""
    policy_results: _RecordedResults | None = None


class _RecordedNamespace(Struct, frozen=True):
    path: str = ""


class _RecordedRequest(Struct, frozen=True):
    id: str = ""
    operation: str = ""
    path: str = ""
    namespace: _RecordedNamespace = _RecordedNamespace()


class _Entry(Struct, frozen=True):
    type: str = ""
    time: str = ""
    auth: _RecordedAuth = _RecordedAuth()
    request: _RecordedRequest = _RecordedRequest()


_ENTRY = msgspec.json.Decoder(_Entry)
_Kind: TypeAlias = tuple[tuple[str, ...], str, str, str]
"""Policies, entity, operation and path of requests that are decided alike."""


@dataclass(slots=True)
class _Change:
    """Requests of one kind whose decision an edit changes."""

    kind: _Kind
    allowed: bool
    """The decision after the edit."""

    display_name: str
    count: int = 0
    first: str = ""
    last: str = ""
    request_ids: list[str] = field(default_factory=list)

    def add(self, entry: _Entry) -> None:
        self.count += 1
        self.first = self.first or entry.time
        self.last = entry.time
        if len(self.request_ids) < MAX_IDS:
            self.request_ids.append(entry.request.id)

    def told(self) -> dict[str, Any]:
        policies, entity_id, operation, path = self.kind
        return {
            "operation": operation,
            "path": path,
            "policies": list(policies),
            "entity_id": entity_id,
            "display_name": self.display_name,
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "request_ids": self.request_ids,
        }


class _Comparison:
    """The recorded requests of one namespace, decided before and after an edit."""

    def __init__(self, system: System, router: Router, drafts: Drafts, period: Period) -> None:
        self._system = system
        self._router = router
        self._drafts = drafts
        self._period = period
        self._entries: list[_Entry] = []
        self._acls: dict[tuple[tuple[str, ...], str], tuple[Acl, Acl]] = {}
        self._decided: dict[_Kind, tuple[bool, bool] | None] = {}
        self.requests = self.undecided = 0
        self.changes: dict[_Kind, _Change] = {}
        self.complete_to = ""

    def take(self, lines: Iterable[bytes]) -> None:
        """Keep the requests of the namespace about which policies were asked, for ``decide``."""
        for line in lines:
            try:
                entry = _ENTRY.decode(line)
            except msgspec.DecodeError:
                continue  # A torn line, or an entry of the ledger's own.
            asked = entry.type == "request" and entry.auth.policy_results is not None
            here = entry.request.namespace.path == self._system.tenant.namespace.path
            if asked and here and self._period.covers(entry.time):
                self._entries.append(entry)

    async def decide(self) -> None:
        """Decide what was taken, and count it."""
        entries, self._entries = self._entries, []
        for entry in entries:
            auth, request = entry.auth, entry.request
            kind = auth.policies, auth.entity_id, request.operation, request.path
            if kind not in self._decided:
                if len(self._decided) >= _MAX_KINDS:
                    self._decided.clear()
                self._decided[kind] = await self._decisions(kind)
            decided = self._decided[kind]
            self.requests += 1
            self.complete_to = entry.time
            if decided is None:
                self.undecided += 1
            elif decided[0] != decided[1]:
                change = self.changes.get(kind)
                if change is None and len(self.changes) < _MAX_KINDS:
                    change = self.changes[kind] = _Change(kind, decided[1], auth.display_name)
                if change is not None:
                    change.add(entry)

    async def _decisions(self, kind: _Kind) -> tuple[bool, bool] | None:
        """Whether requests of this kind are allowed before and after; None if that depends on their parameters."""
        policies, entity_id, word, path = kind
        operation = OPERATIONS.get(word)
        if operation is None:
            return None
        trial = Trial(self._router, operation, path)
        decisions = []
        for acl in await self._rights(policies, entity_id):
            decision, used, judged_path = trial.decide(acl, {}, None)
            rule = None if acl.root else used.deciding(operation, judged_path)
            if rule is not None and rule.conditions is not None and operation.value in rule.capabilities:
                return None
            decisions.append(decision.allowed)
        return decisions[0], decisions[1]

    async def _rights(self, policies: tuple[str, ...], entity_id: str) -> tuple[Acl, Acl]:
        """The rights of a caller before and after the edit."""
        rights = self._acls.get((policies, entity_id))
        if rights is None:
            identity = await self._system.tenant.identities.of(entity_id) if entity_id else None
            asker = Asker(policies, identity)
            rights = await asker.acl(self._system, {}), await asker.acl(self._system, self._drafts)
            if len(self._acls) >= _MAX_ACLS:
                self._acls.clear()
            self._acls[policies, entity_id] = rights
        return rights

    def told(self, *, allowed: bool) -> list[dict[str, Any]]:
        """The changes to ``allowed``, those of the most requests first."""
        changes = [change for change in self.changes.values() if change.allowed is allowed]
        return [change.told() for change in sorted(changes, key=lambda change: -change.count)[:MAX_TOLD]]


async def replay(system: System, call: Call, body: ReplayBody) -> Reply:
    """Tell which recorded requests of this namespace edited policies would decide otherwise."""
    period = Period.of(body)
    drafts = await drafts_of(system, body.drafts)
    if not drafts:
        raise InvalidRequest("missing drafts")
    comparison = _Comparison(system, await system.tenant.mounts.router(), drafts, period)
    async with open_record(system, period, _PLACES) as record:
        while record.has_more():
            await record.read(comparison.take)
            await comparison.decide()
    told = {
        "requests": comparison.requests,
        "undecided": comparison.undecided,
        "changed": sum(change.count for change in comparison.changes.values()),
        "newly_denied": comparison.told(allowed=False),
        "newly_allowed": comparison.told(allowed=True),
    }
    return Reply(told if record.complete else {**told, "complete_to": comparison.complete_to})


REPLAY_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "policies/acl-replay", replay, ReplayBody,
          "Show which recorded requests edited policies would decide differently.", Access.SUDO, writes=False,
          scope=Scope.EACH),
)  # fmt: skip
