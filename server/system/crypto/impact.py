"""``crypto-policies/impact``: the key versions that a draft would refuse, and the check of ``sys/remount``."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeAlias

from msgspec import UNSET, Struct

from engines.algorithms.registry import ALGORITHMS
from engines.base import Body, Call, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.facts import KeyFacts
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.matrix import row_operations
from engines.crypto_policy.requests import default_request
from engines.faults import InvalidRequest
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from engines.worker_pools import Places, Turns
from server.system.crypto.evaluate import draft_of
from server.system.state import System
from server.tenants.crypto_policies.answers import Question
from server.tenants.crypto_policies.documents import Mode, instant
from server.tenants.crypto_policies.plans import Plan
from server.tenants.crypto_policies.rules import CompiledPolicy
from server.tenants.crypto_policies.variables import NO_CALLER
from server.tenants.tenant import Tenant

MAX_SECONDS = 30.0
"""The seconds that a query may take; beyond it, query a namespace with fewer keys."""

PLACES = Places("queries of impact", most=4, most_of_one=2)

_Version: TypeAlias = tuple[KeyFacts, Collection[CryptoOperation]]
"""Facts of a version, and what can be done with it."""

_SIGNING = frozenset({CryptoOperation.SIGN, CryptoOperation.VERIFY, CryptoOperation.ISSUE_TOKEN})
_OF_EVERY_ENGINE = (OperationClass.COPY, OperationClass.MANAGE)


class ImpactBody(Body):
    """A draft, and a time."""

    policy: Any = UNSET
    at: str = ""

    tells = {
        "policy": "Required. The draft.",
        "at": "A further time to evaluate, in RFC 3339.",
    }


class _Stopped(Struct):
    """The uses of one key that a draft stops."""

    namespace: str
    mount: str
    key: str
    versions: list[int]
    operations: set[str]
    rules: set[str]


async def read_impact(system: System, call: Call, body: ImpactBody) -> Reply:
    """Tell which versions of keys a draft stops in this namespace and below, now and at another time.

    Rules on the key and profiles are asked, the latter about what operations take by default; rules on the caller or
    the request aren't.
    """
    draft = await draft_of(system, body.policy)
    if draft is None:
        raise InvalidRequest("policy: must be a document")
    now = system.core.runtime.clock()
    times = [now, instant(body.at, "at")] if body.at else [now]
    found: list[dict[tuple[str, str, str], _Stopped]] = [{} for _ in times]
    end = time.monotonic() + MAX_SECONDS
    plans: dict[tuple[str, str, float], Plan] = {}
    turns = Turns()
    with PLACES.taken(system.tenant.namespace.id):
        async with aclosing(_keys(system, draft)) as versions:
            async for facts, operations in versions:
                if time.monotonic() > end:
                    raise InvalidRequest(f"there are more keys than {MAX_SECONDS:.0f} seconds are enough for")
                for moment, stopped in zip(times, found, strict=True):
                    place = facts.namespace, facts.mount, moment
                    if place not in plans:
                        exceptions = system.unsealed.crypto_policies.exceptions_of(facts.namespace)
                        plans[place] = Plan([draft], exceptions, facts.namespace, facts.mount, moment)
                    kept = replace(facts, verdicts={})  # Gates keep theirs.
                    for operation in operations:
                        await turns.pause()
                        _note(stopped, plans[place], kept, operation, moment)
    lists = [[_shown(each) for each in stopped.values()] for stopped in found]
    return Reply({"now": lists[0], "at": lists[-1] if body.at else []})


def _note(
    stopped: dict[tuple[str, str, str], _Stopped],
    plan: Plan,
    facts: KeyFacts,
    operation: CryptoOperation,
    moment: float,
) -> None:
    if operation not in plan.rules:
        return
    question = Question(operation, facts, default_request(facts, operation, {}), NO_CALLER, "", moment)
    kept = plan.kept(operation, facts)
    findings = plan.of_profiles(kept, question) if kept.profiles else kept.findings
    refusing = [
        each.answer.rule for each in findings.failures if each.answer.mode is Mode.ENFORCE and not each.excepted_by
    ]
    if refusing:
        key = facts.namespace, facts.mount, facts.name
        entry = stopped.setdefault(key, _Stopped(*key, [], set(), set()))
        if facts.version not in entry.versions:
            entry.versions.append(facts.version)
        entry.operations.add(operation.value)
        entry.rules.update(refusing)


def _shown(stopped: _Stopped) -> dict[str, Any]:
    order = [operation.value for operation in CryptoOperation]
    return {
        "namespace": stopped.namespace,
        "mount": stopped.mount,
        "key": stopped.key,
        "versions": stopped.versions,
        "operations": sorted(stopped.operations, key=order.index),
        "rules": sorted(stopped.rules),
    }


async def _keys(system: System, draft: CompiledPolicy) -> AsyncGenerator[_Version, None]:
    """All versions that ``draft`` may be about, in this namespace and, if it goes so far, below."""
    async for version in _keys_of(system.tenant, draft):
        yield version
    unsealed = system.unsealed
    for entry in unsealed.namespaces.descendants(system.tenant.namespace.path):
        if draft.reaches(entry.path):
            async with unsealed.tenants.visit(entry) as tenant:
                async for version in _keys_of(tenant, draft):
                    yield version


async def _keys_of(tenant: Tenant, draft: CompiledPolicy) -> AsyncIterator[_Version]:
    for mounted in (await tenant.mounts.router()).mounts.values():
        engine, type_ = mounted.engine, mounted.type.type
        if isinstance(engine, KeepsFacts) and draft.covers(tenant.namespace.path, mounted.entry.path):
            async for facts in engine.facts_of_all():
                yield facts, _operations(type_, facts)
                if type_ == TRANSIT.type:
                    codes = await engine.facts_of(facts.name, facts.version, CryptoOperation.HMAC)
                    if codes is not None:
                        yield codes, (CryptoOperation.HMAC,)


def _operations(type_: str, facts: KeyFacts) -> Collection[CryptoOperation]:
    """The operations on a key in an engine of the type ``type_``."""
    operations = row_operations(ALGORITHMS[facts.algorithm])
    if type_ == SIGNING.type:
        return [each for each in operations if each in _SIGNING or CLASS_OF[each] in _OF_EVERY_ENGINE]
    return [each for each in operations if each is not CryptoOperation.ISSUE_TOKEN]


IMPACT_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "crypto-policies/impact", read_impact, ImpactBody,
          "Show which key versions a draft of a crypto policy would refuse.", writes=False, scope=Scope.EACH),
)  # fmt: skip
