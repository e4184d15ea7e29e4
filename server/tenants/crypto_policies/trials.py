"""Evaluations of policies without effect: tests of documents, and ``evaluate``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any, TypeAlias

import msgspec

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import default_request
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from engines.worker_pools import beside
from server.tenants.crypto_policies.answers import Answer, Question, answer
from server.tenants.crypto_policies.documents import Given, Mode, Test, instant, matches_any
from server.tenants.crypto_policies.rules import AnyRule, CompiledPolicy
from server.tenants.crypto_policies.variables import CallerFacts

MAX_TESTS_SECONDS = 10

_REMOTE_ADDRESS = "remote_address"
_VERDICTS = {Mode.AUDIT: "allow", Mode.WARN: "warn", Mode.ENFORCE: "deny"}


CREATING = (CryptoOperation.CREATE, CryptoOperation.IMPORT)
"""Operations of which a question may hold the fields of the request, as they are called there."""

_OTHER_NAMES = {"convergent_encryption": "convergent"}
_WITHOUT_FACTS = frozenset({"allow_plaintext_backup", "auto_rotate_period", "context", "custom_metadata"})
_KEY_SIZE = "key_size"


def described_use(
    given: Given, operation: CryptoOperation, namespace: str, at: float
) -> tuple[KeyFacts | None, RequestFacts]:
    """The facts of a key that is described by its type and others, in ``namespace``, and of the request.

    Raises ``InvalidRequest``.
    """
    key = None
    if given.key is not None:
        key_type = given.key.get("type")
        if not isinstance(key_type, str):
            raise InvalidRequest("key: must have a type, or say by mount and name which one")
        fields = {"namespace": namespace, **given.key}
        del fields["type"]
        key = facts_of_type(key_type, operation, _created(fields) if operation in CREATING else fields, now=at)
    elif operation is not CryptoOperation.HASH:
        raise InvalidRequest("key: must say which one")
    return key, default_request(key, operation, request_of(given))


def _created(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that follow from the fields of a creation."""
    facts = {_OTHER_NAMES.get(name, name): value for name, value in fields.items() if name not in _WITHOUT_FACTS}
    size = facts.pop(_KEY_SIZE, 0)
    if type(size) is int and size > 0:
        facts["bits"] = 8 * size
    return facts


def request_of(given: Given) -> dict[str, Any]:
    """The facts of the request that a question names."""
    return {name: value for name, value in given.request.items() if name != _REMOTE_ADDRESS}


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


Ask: TypeAlias = Callable[[Given, float], Awaitable[list[Question]]]
"""Makes the question that is given, at a time if it says none; two of it for rewrapping. Raises ``InvalidRequest``."""


async def run_tests(policy: CompiledPolicy, now: float, ask: Ask) -> list[dict[str, Any]]:
    """The results of a policy's own tests, in the form of ``check``.

    A test is about this policy alone; what it doesn't say of the mount and the name of its key is in the scope.
    Raises ``InvalidRequest`` if they take too long together.
    """
    results = []
    end = monotonic() + MAX_TESTS_SECONDS
    for test in policy.document.tests:
        if monotonic() > end:
            raise InvalidRequest(f"the tests of a crypto policy may take at most {MAX_TESTS_SECONDS} seconds together")
        result: dict[str, Any] = {"name": test.name, "passed": False, "verdict": "", "rules": [], "error": ""}
        results.append(result)
        try:
            questions = await ask(test.given, now)
        except InvalidRequest as fault:
            result["error"] = str(fault)
        else:
            result |= await beside(partial(_result, policy, test, questions))
    return results


def _result(policy: CompiledPolicy, test: Test, questions: list[Question]) -> dict[str, Any]:
    failures = [
        found
        for question in questions
        for rule in _in_scope(policy, question, test.given.key or {})
        if (found := answer(rule, question)) is not None and not found.held
    ]
    verdict = verdict_of(failures)
    rules = list(dict.fromkeys(found.rule for found in failures))
    expected = test.expect
    passed = verdict == expected.verdict and (expected.rules is None or sorted(expected.rules) == sorted(rules))
    return {"passed": passed, "verdict": verdict, "rules": rules}


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
    """The facts that each rule needs, in the form of ``check``."""
    return [{"name": rule.name, "needs": rule.need.name.lower()} for rule in policy.rules]
