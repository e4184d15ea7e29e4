"""Questions that are asked of policies without doing anything: the tests of documents, and ``evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import default_request
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from server.tenants.crypto_policies.answers import Answer, Question, answer
from server.tenants.crypto_policies.documents import Given, Mode, Test, instant, operation_named
from server.tenants.crypto_policies.globs import matches_any
from server.tenants.crypto_policies.rules import AnyRule, CompiledPolicy
from server.tenants.crypto_policies.variables import CallerFacts

_REMOTE_ADDRESS = "remote_address"
_VERDICTS = {Mode.AUDIT: "allow", Mode.WARN: "warn", Mode.ENFORCE: "deny"}


def question_of(given: Given, now: float) -> Question:
    """The question that ``given`` states, of a key that is described and not named; ``now`` if it says no time.

    Raises ``InvalidRequest``.
    """
    operation = operation_named(given.operation)
    at = time_of(given, now)
    key = None
    if given.key is not None:
        fields = {name: value for name, value in given.key.items() if name != "type"}
        key_type = given.key.get("type")
        if not isinstance(key_type, str):
            raise InvalidRequest("key: type must say of which type it is")
        key = facts_of_type(key_type, operation, fields, now=at)
    elif operation is not CryptoOperation.HASH:
        raise InvalidRequest(f"key: {operation.value} has one")
    request = {name: value for name, value in given.request.items() if name != _REMOTE_ADDRESS}
    facts = default_request(key, operation, request)
    return Question(operation, key, facts, caller_of(given), address_of(given), at)


def time_of(given: Given, now: float) -> float:
    """The time of a question, in seconds since the epoch. Raises ``InvalidRequest``."""
    return instant(given.at, "at") if given.at else now


def caller_of(given: Given) -> CallerFacts:
    """The caller of a question. Raises ``InvalidRequest``."""
    try:
        facts: CallerFacts = msgspec.convert(given.caller, _Caller).facts()
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"caller: {error}") from None
    return facts


class _Caller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entity_id: str = ""
    groups: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    auth_type: str = ""

    def facts(self) -> CallerFacts:
        return CallerFacts(self.entity_id, self.groups, self.metadata, self.auth_type)


def address_of(given: Given) -> str:
    """The client's address in a question. Raises ``InvalidRequest``."""
    address = given.request.get(_REMOTE_ADDRESS, "")
    if not isinstance(address, str):
        raise InvalidRequest(f"request: {_REMOTE_ADDRESS}: must be a text")
    return address


def run_tests(policy: CompiledPolicy, now: float) -> list[dict[str, Any]]:
    """The results of a policy's own tests, in the form of ``check``.

    A test is about this policy alone; what it doesn't say of the mount and the name of its key is in the scope.
    """
    return [_run(policy, test, now) for test in policy.document.tests]


def _run(policy: CompiledPolicy, test: Test, now: float) -> dict[str, Any]:
    result: dict[str, Any] = {"name": test.name, "passed": False, "verdict": "", "rules": [], "error": ""}
    try:
        question = question_of(test.given, now)
    except InvalidRequest as fault:
        result["error"] = str(fault)
        return result
    named = test.given.key or {}
    failures = [
        found
        for rule in _in_scope(policy, question, named)
        if (found := answer(rule, question)) is not None and not found.held
    ]
    result["verdict"] = verdict_of(failures)
    result["rules"] = [found.rule for found in failures]
    result["passed"] = result["verdict"] == test.expect.verdict and (
        test.expect.rules is None or sorted(test.expect.rules) == sorted(result["rules"])
    )
    return result


def _in_scope(policy: CompiledPolicy, question: Question, named: Mapping[str, Any]) -> list[AnyRule]:
    scope, key = policy.scope, question.key
    if key is None:
        if scope.keys:
            return []
    elif "name" in named and not matches_any(scope.keys, key.name):
        return []
    elif "mount" in named and scope.mounts and key.mount not in scope.mounts:
        return []
    rules: list[AnyRule] = [
        rule
        for rule in policy.rules
        if question.operation in rule.operations and rule.starts <= question.now < rule.ends
    ]
    return rules if policy.profile is None else [*rules, policy.profile]


def verdict_of(failures: list[Answer]) -> str:
    """The strictest mode among rules that fail, as ``allow``, ``warn`` or ``deny``."""
    strictest = max((found.mode for found in failures), key=lambda mode: mode.strictness, default=Mode.AUDIT)
    return _VERDICTS[strictest]


def shown_value(value: Any) -> Any:
    """The value of a variable as JSON has it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def needs_of(policy: CompiledPolicy) -> list[dict[str, str]]:
    """What each rule has to know, in the form of ``check``."""
    return [{"name": rule.name, "needs": rule.need.name.lower()} for rule in policy.rules]
