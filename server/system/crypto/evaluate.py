"""``crypto-policies/evaluate`` and ``effective``: the verdict on one use of a key, and the rules that may apply."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from engines.base import Body, Call, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest
from engines.keys.store import NAME
from engines.worker_pools import in_turns
from server.system.crypto.policies import policies_of
from server.system.crypto.questions import engine_at, questions_about
from server.system.state import System
from server.tenants.crypto_policies.answers import Answer, Question, answer, answer_with
from server.tenants.crypto_policies.callers import caller_facts
from server.tenants.crypto_policies.documents import SHOWN_BESIDE, Given, check_policy_name, instant, parse_document
from server.tenants.crypto_policies.plans import Failure, Plan, verdict_of
from server.tenants.crypto_policies.rules import CompiledPolicy, CompiledProfile
from server.tenants.crypto_policies.trials import shown_value
from server.tenants.crypto_policies.variables import Need

_MADE = (CryptoOperation.CREATE, CryptoOperation.IMPORT)
_PLACE = frozenset({"mount", "name", "version"})
_DRAFT = "draft"

MAX_VALUES_BYTES = 1024 * 1024
"""The most bytes of values in JSON that the rules of an answer show together."""


class EvaluateBody(Body):
    """A use of a key."""

    key: Any = UNSET
    operation: str = ""
    request: Any = UNSET
    caller: Any = UNSET
    at: str = ""
    policy: Any = UNSET

    tells = {
        "key": "`mount`, `name` and `version` of a key, or its `type` with other facts; for `create`, its fields.",
        "operation": "The operation; `rewrap` is evaluated as decryption and encryption.",
        "request": "Facts of the request by name. Default: the defaults of the operation.",
        "caller": "Facts of the caller by name. Default: the caller of this request.",
        "at": "The time, in RFC 3339. Default: now.",
        "policy": "A draft, which replaces the policy of its `name`, or is added to the others.",
    }


class EffectiveBody(Body):
    """A mount, a key, a time."""

    mount: str = ""
    key: str = ""
    at: str = ""

    tells = {
        "mount": "The mount's path, with its slash.",
        "key": "The key's name.",
        "at": "The time, in RFC 3339. Default: now.",
    }


async def draft_of(system: System, given: Any) -> CompiledPolicy | None:
    """The policy that a request states beside those that are stored; None if it states none.

    Raises ``InvalidRequest``.
    """
    if given is UNSET or given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidRequest("policy: must be a document")
    name = given.get("name", _DRAFT)
    if not isinstance(name, str):
        raise InvalidRequest("policy: name must be a text")
    check_policy_name(name)
    document = parse_document({field: value for field, value in given.items() if field not in SHOWN_BESIDE})
    policies = policies_of(system)
    stored = policies.table.stored(system.tenant.namespace.id, name)
    return await policies.compiled(name, document, 1 if stored is None else stored.version + 1)


async def evaluate(system: System, call: Call, body: EvaluateBody) -> Reply:
    """Tell what every rule says of a use of a key, without using it."""
    given = _given(body)
    questions = await questions_about(system, given, system.core.runtime.clock())
    draft = await draft_of(system, body.policy)
    rules = []
    failures = []
    left = MAX_VALUES_BYTES
    for question in questions:
        if body.caller is UNSET:
            question.caller = caller_facts(call.caller)
        question.remote_address = question.remote_address or call.remote_address
        key, mount = question.key, "" if question.key is None else question.key.mount
        plan = system.unsealed.crypto_policies.plan(system.tenant.namespace.path, mount, question.now, draft)
        async for rule in in_turns(plan.rules_for(question.operation, None if key is None else key.name)):
            found = answer(rule, question)
            if found is not None:
                excepted_by = "" if found.held else plan.exception_for(found, key)
                shown = _shown(found, excepted_by, question)
                left -= len(msgspec.json.encode(shown["values"]))
                rules.append(shown if left > 0 else {**shown, "values": {}})
                failures += [] if found.held else [Failure(found, excepted_by)]
    if left <= 0:
        call.warn(f"rules beyond {MAX_VALUES_BYTES} bytes of values are shown without theirs")
    return Reply({"verdict": verdict_of(failures), "rules": rules})


def _given(body: EvaluateBody) -> Given:
    fields = {name: getattr(body, name) for name in ("key", "operation", "request", "caller", "at")}
    try:
        return msgspec.convert({name: value for name, value in fields.items() if value not in (UNSET, None)}, Given)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)) from None


def _shown(found: Answer, excepted_by: str, question: Question) -> dict[str, Any]:
    return {
        "policy": found.source.label,
        "namespace": found.source.namespace,
        "rule": found.rule,
        "mode": found.mode.value,
        "held": found.held,
        "error": found.error,
        "excepted_by": excepted_by,
        "values": {name: shown_value(question.values[name]) for name in found.names if name in question.values},
    }


async def read_effective(system: System, call: Call, body: EffectiveBody) -> Reply:
    """Show which rules may apply to the keys of a mount, or to one key."""
    now = instant(body.at, "at") if body.at else system.core.runtime.clock()
    namespace = system.tenant.namespace.path
    plan = system.unsealed.crypto_policies.plan(namespace, body.mount, now)
    engine = await engine_at(system, body.mount)
    key = None
    if engine is not None and NAME.fullmatch(body.key):
        key = await engine.facts_of(body.key, 0, CryptoOperation.SIGN)
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for operation in CryptoOperation:
        async for identity in _effective(plan, operation, body.key, key, now):
            found.setdefault(identity, []).append(operation.value)
    rules = [
        {"policy": policy, "namespace": owner, "rule": rule, "mode": mode, "operations": operations}
        for (policy, owner, rule, mode), operations in found.items()
    ]
    return Reply({"rules": rules})


async def _effective(
    plan: Plan, operation: CryptoOperation, name: str, key: KeyFacts | None, now: float
) -> AsyncIterator[tuple[str, str, str, str]]:
    """The rules that may apply to ``operation``, but for those of which ``key`` tells already that they don't."""
    rules = [rule for _, rule in plan.rules.get(operation, [])] if not name else plan.rules_for(operation, name)
    async for rule in in_turns(rules):
        if isinstance(rule, CompiledProfile):
            yield rule.source.label, rule.source.namespace, rule.profile.id, rule.mode.value
            continue
        if key is not None and rule.need is Need.KEY:
            question = Question(operation, key, RequestFacts(), caller_facts(None), "", now)
            if answer_with(rule, question, question.values) is None:
                continue
        yield rule.source.label, rule.source.namespace, rule.name, rule.mode.value


EVALUATE_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "crypto-policies/evaluate", evaluate, EvaluateBody,
          "Evaluate the crypto policies for one use of a key.", writes=False, scope=Scope.EACH),
    Route(Operation.READ, "crypto-policies/effective", read_effective, EffectiveBody,
          "Show which rules of crypto policies may apply to a key.", writes=False, scope=Scope.EACH),
)  # fmt: skip
