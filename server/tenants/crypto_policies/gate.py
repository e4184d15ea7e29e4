"""The gate of one mount: decides each use of a key for its engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from engines.base import Clock
from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, RequestFacts
from engines.crypto_policy.gate import Asking, PolicyRecord, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from server.tenants.crypto_policies.answers import Question
from server.tenants.crypto_policies.callers import caller_facts
from server.tenants.crypto_policies.documents import Mode
from server.tenants.crypto_policies.plans import Failure, Findings, Plan, verdict_of
from server.tenants.crypto_policies.variables import NO_CALLER

_Use: TypeAlias = tuple[CryptoOperation, KeyFacts | None, RequestFacts]
_NO_VERSION = (CryptoOperation.CREATE, CryptoOperation.IMPORT)
_STRICTNESS = {"allow": 0, "warn": 1, "deny": 2}


class Policies(Protocol):
    """The policies that a gate looks at: ``server.tenants.crypto_policies.table.CryptoPolicyTable``."""

    generation: int

    def plan(self, namespace: str, mount: str, now: float) -> Plan:
        """The plan for the mount at ``mount`` in ``namespace`` at ``now``, in seconds since the epoch."""

    def concerns(self, namespace: str, mount: str) -> bool:
        """Whether any rule may apply there at some time."""

    def default(self, namespace: str, mount: str, engine: str, data_class: str) -> Mapping[str, Any]:
        """As ``Gate.default``, for an engine of the type ``engine``."""


class PolicyGate:
    """The gate of the mount at ``mount`` in ``namespace``, of an engine of the type ``engine``."""

    __slots__ = ("__weakref__", "_clock", "_engine", "_mount", "_namespace", "_plan", "_policies", "active")

    def __init__(self, policies: Policies, clock: Clock, namespace: str, mount: str, engine: str) -> None:
        self._policies = policies
        self._clock = clock
        self._namespace = namespace
        self._mount = mount
        self._engine = engine
        self._plan: Plan | None = None
        self.active = False
        """As ``Gate.active``."""

        self.refresh()

    def refresh(self) -> None:
        """Begin anew with the policies as they are now."""
        self._plan = None
        self.active = self._policies.concerns(self._namespace, self._mount)

    def default(self, data_class: str) -> Mapping[str, Any]:
        """As ``Gate.default``."""
        return self._policies.default(self._namespace, self._mount, self._engine, data_class)

    def check(
        self, call: Asking, operation: CryptoOperation, key: KeyFacts | None, request: RequestFacts = NO_REQUEST
    ) -> bool:
        """As ``Gate.check``. What is kept costs under 1 us."""
        now = self._clock()  # Not the call's own time: a stream may be older than a rule.
        plan = self._plan
        if plan is None or now >= plan.until:
            plan = self._plan = self._policies.plan(self._namespace, self._mount, now)
        if operation not in plan.rules:
            return True
        kept = plan.kept(operation, key)
        if kept.settled:
            findings, settled = kept.findings, True
        elif kept.by_profile and (known := kept.options.get((request.hash, request.scheme, request.pure))) is not None:
            findings, settled = known, False
        else:
            caller = NO_CALLER if call.caller is None else caller_facts(call.caller)
            question = Question(operation, key, request, caller, call.remote_address, now)
            findings, settled = plan.decide(question)
        if findings.applied:
            if call.crypto_policy is None:
                call.crypto_policy = PolicyRecord(generation=self._policies.generation, rules=[], excepted_by=[])
            if findings.failures:
                self._note(call, call.crypto_policy, findings, (operation, key, request))
        return settled

    def _note(self, call: Asking, record: PolicyRecord, findings: Findings, what: _Use) -> None:
        """Record the rules that fail, warn where they say so. Raises ``PolicyRefused``."""
        verdict = verdict_of(findings.failures)
        if _STRICTNESS[verdict] > _STRICTNESS[record.verdict]:
            record.verdict = verdict
        described_use = described(*what)
        for failure in findings.failures:
            applied = failure.applied
            first = applied not in record.rules
            if first:
                record.rules.append(applied)
            if failure.excepted_by:
                if failure.excepted_by not in record.excepted_by:
                    record.excepted_by.append(failure.excepted_by)
            elif first and failure.answer.mode is Mode.WARN:
                call.warn(self._sentence(failure, "warns of", described_use))
        if verdict == "deny":
            raise PolicyRefused(self._refusals(findings, described_use))

    def _refusals(self, findings: Findings, what: str) -> tuple[str, ...]:
        """A sentence for each failure that refuses, by namespace, policy and rule."""
        refusing = [each for each in findings.failures if each.answer.mode is Mode.ENFORCE and not each.excepted_by]
        refusing.sort(key=lambda each: (each.answer.source.namespace, each.answer.source.policy, each.answer.rule))
        return tuple(self._sentence(each, "refuses", what) for each in refusing)

    def _sentence(self, failure: Failure, verb: str, what: str) -> str:
        found = failure.answer
        source = found.source
        where = "" if source.namespace == self._namespace else f' in "{source.namespace}"'
        message = f": {found.message}" if found.message else ""
        return f'crypto policy "{source.policy}" rule "{found.rule}"{where} {verb} {what}{message}'


def described(operation: CryptoOperation, key: KeyFacts | None, request: RequestFacts) -> str:
    """The operation and what it is done with, in the words of answers: ``encrypt with rsa-2048 version 1``."""
    if key is None:
        return f"{operation.value} with {request.hash}" if request.hash else operation.value
    version = "" if operation in _NO_VERSION else f" version {key.version}"
    return f"{operation.value} with {key.algorithm}{version}"
