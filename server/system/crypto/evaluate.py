"""``crypto-policies/evaluate`` and ``effective``: what policies say of one use of a key, and which rules may apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from engines.base import Body, Call, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import default_request
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from server.system.crypto.policies import policies_of
from server.system.state import System
from server.tenants.crypto_policies.answers import Answer, Question, answer, answer_with
from server.tenants.crypto_policies.callers import caller_facts
from server.tenants.crypto_policies.documents import Given, check_policy_name, instant, operation_named, parse_document
from server.tenants.crypto_policies.plans import Failure, Plan, verdict_of
from server.tenants.crypto_policies.rules import CompiledPolicy, CompiledProfile
from server.tenants.crypto_policies.trials import address_of, caller_of, shown_value, time_of
from server.tenants.crypto_policies.variables import Need

_MADE = (CryptoOperation.CREATE, CryptoOperation.IMPORT)
_PLACE = frozenset({"mount", "name", "version"})
_DRAFT = "draft"


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
        "operation": "What is done with it.",
        "request": "Facts of the request by their names; what isn't given is what the operation takes by default.",
        "caller": "Facts of the caller by their names; without them, the caller of this request.",
        "at": "When, in RFC 3339; now without it.",
        "policy": "A draft, in place of the policy that its `name` says, or beside all.",
    }


class EffectiveBody(Body):
    """A mount, a key, a time."""

    mount: str = ""
    key: str = ""
    at: str = ""

    tells = {
        "mount": "The mount's path, with its slash.",
        "key": "The key's name.",
        "at": "When, in RFC 3339; now without it.",
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
    document = parse_document({field: value for field, value in given.items() if field != "name"})
    policies = policies_of(system)
    stored = policies.table.stored(system.tenant.namespace.id, name)
    return await policies.compiled(name, document, 1 if stored is None else stored.version + 1)


async def evaluate(system: System, call: Call, body: EvaluateBody) -> Reply:
    """Tell what every rule says of a use of a key, without using it."""
    given = _given(body)
    now = time_of(given, system.core.runtime.clock())
    operation = operation_named(given.operation)
    key, request = await _facts(system, given, operation, now)
    draft = await draft_of(system, body.policy)
    caller = caller_facts(call.caller) if body.caller is UNSET else caller_of(given)
    question = Question(operation, key, request, caller, address_of(given) or call.remote_address, now)
    namespace = system.tenant.namespace.path
    plan = system.unsealed.crypto_policies.plan(namespace, "" if key is None else key.mount, now, draft)
    rules = []
    failures = []
    for rule in plan.rules_for(operation, None if key is None else key.name):
        found = answer(rule, question)
        if found is not None:
            excepted_by = "" if found.held else plan.exception_for(found, key)
            rules.append(_shown(found, excepted_by, question))
            failures += [] if found.held else [Failure(found, excepted_by)]
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


async def _facts(
    system: System, given: Given, operation: CryptoOperation, now: float
) -> tuple[KeyFacts | None, RequestFacts]:
    """The facts of the key and of the request that ``given`` names. Raises ``InvalidRequest``."""
    request = {name: value for name, value in given.request.items() if name != "remote_address"}
    if given.key is None:
        if operation is not CryptoOperation.HASH:
            raise InvalidRequest("key: must say which one")
        return None, default_request(None, operation, request)
    mount = given.key.get("mount", "")
    engine = await _engine(system, mount)
    described = "type" in given.key
    if engine is not None and (operation in _MADE or not described):
        key = await _of_engine(engine, given.key, operation)
        return key, engine.request_facts(key, operation, request)
    if not described:
        raise InvalidRequest("key: there is no engine with keys at that mount" if mount else "key: must have a type")
    fields = {name: value for name, value in given.key.items() if name != "type"}
    key = facts_of_type(
        str(given.key["type"]), operation, {"namespace": system.tenant.namespace.path, **fields}, now=now
    )
    return key, default_request(key, operation, request)


async def _engine(system: System, mount: object) -> KeepsFacts | None:
    if not isinstance(mount, str):
        raise InvalidRequest("key: mount must be a text")
    mounted = (await system.tenant.mounts.router()).mounts.get(mount)
    return mounted.engine if mounted is not None and isinstance(mounted.engine, KeepsFacts) else None


async def _of_engine(engine: KeepsFacts, given: Mapping[str, Any], operation: CryptoOperation) -> KeyFacts:
    if operation in _MADE:
        return engine.facts_of_new({name: value for name, value in given.items() if name not in ("mount", "version")})
    unknown = given.keys() - _PLACE
    if unknown:
        raise InvalidRequest(f"key: {', '.join(sorted(unknown))}: a key that is named has its own facts")
    name, version = given.get("name", ""), given.get("version", 0)
    if not isinstance(name, str) or type(version) is not int or version < 0:
        raise InvalidRequest("key: name must be a text, and version a number")
    key = await engine.facts_of(name, version, operation)
    if key is None:
        raise InvalidRequest("key: there is no such key or version at that mount")
    return key


async def read_effective(system: System, call: Call, body: EffectiveBody) -> Reply:
    """Show which rules may apply to the keys of a mount, or to one key."""
    now = instant(body.at, "at") if body.at else system.core.runtime.clock()
    namespace = system.tenant.namespace.path
    plan = system.unsealed.crypto_policies.plan(namespace, body.mount, now)
    engine = await _engine(system, body.mount)
    key = await engine.facts_of(body.key, 0, CryptoOperation.SIGN) if engine is not None and body.key else None
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for operation in CryptoOperation:
        for identity in _effective(plan, operation, body.key, key, now):
            found.setdefault(identity, []).append(operation.value)
    rules = [
        {"policy": policy, "namespace": owner, "rule": rule, "mode": mode, "operations": operations}
        for (policy, owner, rule, mode), operations in found.items()
    ]
    return Reply({"rules": rules})


def _effective(
    plan: Plan, operation: CryptoOperation, name: str, key: KeyFacts | None, now: float
) -> list[tuple[str, str, str, str]]:
    """The rules that may apply to ``operation``, but for those of which ``key`` tells already that they don't."""
    rules = [rule for _, rule in plan.rules.get(operation, [])] if not name else plan.rules_for(operation, name)
    found = []
    for rule in rules:
        if isinstance(rule, CompiledProfile):
            found.append((rule.source.label, rule.source.namespace, rule.profile.id, rule.mode.value))
            continue
        if key is not None and rule.need is Need.KEY:
            question = Question(operation, key, RequestFacts(), caller_facts(None), "", now)
            if answer_with(rule, question, question.values) is None:
                continue
        found.append((rule.source.label, rule.source.namespace, rule.name, rule.mode.value))
    return found


EVALUATE_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "crypto-policies/evaluate", evaluate, EvaluateBody,
          "Tell what the crypto policies say of one use of a key.", writes=False, scope=Scope.EACH),
    Route(Operation.READ, "crypto-policies/effective", read_effective, EffectiveBody,
          "Show which rules of crypto policies may apply to a key.", writes=False, scope=Scope.EACH),
)  # fmt: skip
