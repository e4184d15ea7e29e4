"""Plans: the rules that may apply to the keys of one mount at a time, with cached results.

A plan holds until a policy or an exception is written, a rule begins or ends, an exception ends, or a day begins in
UTC. Rules on the key alone are asked once for a version and an operation, and the result is kept with the loaded
version; rules on the caller too are asked once for each caller; what a profile says depends on three facts of the
request; rules on the request are asked each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.gate import AppliedRule
from engines.crypto_policy.operations import CryptoOperation
from server.tenants.crypto_policies.answers import Answer, Question, Values, answer, answer_with
from server.tenants.crypto_policies.documents import Mode, matches_any
from server.tenants.crypto_policies.exceptions import PolicyException
from server.tenants.crypto_policies.rules import (
    AnyRule,
    CompiledPolicy,
    CompiledProfile,
    CompiledRule,
    changes_between,
)
from server.tenants.crypto_policies.variables import (
    DAY_SECONDS,
    CallerFacts,
    Need,
    day_of,
    key_values,
    operation_values,
)

MAX_CALLERS = 256
"""For how many callers verdicts are kept with a version."""

MAX_OPTIONS = 64
"""For how many combinations of hash, scheme and variant what profiles say is kept with a version."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that fails; ``excepted_by`` is the id of the exception for which that doesn't count, "" for none."""

    answer: Answer
    excepted_by: str = ""

    @property
    def applied(self) -> AppliedRule:
        """As it stands in the audit."""
        found = self.answer
        return AppliedRule(
            policy=found.source.label, namespace=found.source.namespace, rule=found.rule, mode=found.mode.value
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """The combined result of some rules."""

    applied: bool = False
    """Whether any of them applied."""

    failures: tuple[Failure, ...] = ()

    def with_others(self, others: Findings) -> Findings:
        """Both together."""
        if not others.applied:
            return self
        return others if not self.applied else Findings(True, (*self.failures, *others.failures))


NOTHING = Findings()


def verdict_of(failures: Iterable[Failure]) -> str:
    """The strictest mode of the failures that count, in the words of the audit."""
    strictest = max((each.answer.mode.strictness for each in failures if not each.excepted_by), default=0)
    return _VERDICTS[strictest]


_VERDICTS = {Mode.AUDIT.strictness: "allow", Mode.WARN.strictness: "warn", Mode.ENFORCE.strictness: "deny"}


@dataclass(frozen=True, slots=True)
class NamedException:
    """An exception with its id and the path of its namespace."""

    id: str
    namespace: str
    exception: PolicyException


@dataclass(slots=True)
class Kept:
    """The cached results of one version and operation."""

    findings: Findings
    """The result of the rules on the key alone."""

    by_caller: tuple[CompiledRule, ...]
    by_request: tuple[CompiledRule, ...]
    profiles: tuple[CompiledProfile, ...]
    values: dict[str, Any]
    """The values of the variables of key and operation, for the rules that are left."""

    callers: dict[CallerFacts, Findings] = field(default_factory=dict)
    options: dict[tuple[str, str, bool], Findings] = field(default_factory=dict)
    """Of profiles, with those on the key alone."""

    settled: bool = False
    """Whether no rule is left to be asked."""

    by_profile: bool = False
    """Whether nothing but profiles is left: then ``options`` has the whole result."""

    def __post_init__(self) -> None:
        left = bool(self.by_caller or self.by_request)
        self.settled = not left and not self.profiles
        self.by_profile = not left and bool(self.profiles)


class Plan:
    """The rules of ``policies``, of the chain of ``namespace``, for the mount at ``mount`` at the time ``now``."""

    def __init__(
        self,
        policies: Sequence[CompiledPolicy],
        exceptions: Sequence[NamedException],
        namespace: str,
        mount: str,
        now: float,
    ) -> None:
        covering = [policy for policy in policies if policy.covers(namespace, mount)]
        self.day = day_of(now)
        valid = [
            each
            for each in exceptions
            if each.exception.end > now and each.exception.covers(each.namespace, namespace, mount)
        ]
        ends = [each.exception.end for each in valid]
        self._exceptions: dict[tuple[str, str, str], list[NamedException]] = {}
        for each in valid:
            rule_of = each.namespace, each.exception.policy, each.exception.rule
            self._exceptions.setdefault(rule_of, []).append(each)
        self.until = min([(self.day + 1) * DAY_SECONDS, changes_between(covering, now), *ends])
        """Until when it holds, in seconds since the epoch."""

        self.rules: dict[CryptoOperation, list[tuple[CompiledPolicy, AnyRule]]] = {}
        """Those that may apply to an operation."""

        for policy in covering:
            for rule in policy.rules:
                if rule.starts <= now < rule.ends:
                    self._add(policy, rule, rule.operations)
            if policy.profile is not None:
                self._add(policy, policy.profile, CryptoOperation)
        self.keyless: dict[CryptoOperation, Kept] = {}

    def _add(self, policy: CompiledPolicy, rule: AnyRule, operations: Iterable[CryptoOperation]) -> None:
        for operation in operations:
            self.rules.setdefault(operation, []).append((policy, rule))

    def rules_for(self, operation: CryptoOperation, name: str | None) -> list[AnyRule]:
        """The rules that may apply to ``operation`` with the key called ``name``, None for one without a key."""
        found = self.rules.get(operation, ())
        if name is None:
            return [rule for policy, rule in found if not policy.scope.keys]
        return [rule for policy, rule in found if matches_any(policy.scope.keys, name)]

    def finding(self, found: Answer | None, key: KeyFacts | None) -> Findings:
        """The answer of one rule, as findings."""
        if found is None:
            return NOTHING
        if found.held:
            return Findings(True)
        return Findings(True, (Failure(found, self.exception_for(found, key)),))

    def exception_for(self, found: Answer, key: KeyFacts | None) -> str:
        """The id of an exception from the rule that failed, "" if there is none."""
        name = None if key is None else key.name
        for each in self._exceptions.get((found.source.namespace, found.source.policy, found.rule), ()):
            if each.exception.covers_key(name):
                return each.id
        return ""

    def kept(self, operation: CryptoOperation, key: KeyFacts | None) -> Kept:
        """The result of the rules on the key alone, cached."""
        if key is None:
            found = self.keyless.get(operation)
            if found is None:
                found = self.keyless[operation] = self._keep(operation, None)
            return found
        known = key.verdicts.get(operation)
        if known is None or known[0] is not self:
            known = key.verdicts[operation] = self, self._keep(operation, key)
        kept: Kept = known[1]
        return kept

    def _keep(self, operation: CryptoOperation, key: KeyFacts | None) -> Kept:
        values = {**operation_values(operation), **({} if key is None else key_values(key, self.day))}
        question = Question(operation, key, RequestFacts(), CallerFacts(), "", self.day * DAY_SECONDS)
        known = Values(values, question)
        findings = NOTHING
        by_caller: list[CompiledRule] = []
        by_request: list[CompiledRule] = []
        profiles: list[CompiledProfile] = []
        for rule in self.rules_for(operation, None if key is None else key.name):
            if isinstance(rule, CompiledProfile):
                profiles.append(rule)
            elif rule.need is Need.KEY:
                findings = findings.with_others(self.finding(answer_with(rule, question, known), key))
            elif not _surely_inapplicable(rule, key, values):
                (by_caller if rule.need is Need.CALLER else by_request).append(rule)
        left = by_caller or by_request
        return Kept(findings, tuple(by_caller), tuple(by_request), tuple(profiles), values if left else {})

    def of_caller(self, kept: Kept, question: Question) -> Findings:
        """The result of the rules on the caller."""
        found = kept.callers.get(question.caller)
        if found is None:
            values = Values(kept.values, question)
            found = NOTHING
            for rule in kept.by_caller:
                found = found.with_others(self.finding(answer_with(rule, question, values), question.key))
            if len(kept.callers) >= MAX_CALLERS:
                kept.callers.clear()
            kept.callers[question.caller] = found
        return found

    def of_profiles(self, kept: Kept, question: Question) -> Findings:
        """The result of the profiles and of the rules on the key alone."""
        request = question.request
        options = request.hash, request.scheme, request.pure
        found = kept.options.get(options)
        if found is None:
            found = kept.findings
            for profile in kept.profiles:
                found = found.with_others(self.finding(answer(profile, question), question.key))
            if len(kept.options) >= MAX_OPTIONS:
                kept.options.clear()
            kept.options[options] = found
        return found

    def of_request(self, kept: Kept, question: Question) -> Findings:
        """The result of the rules on the request."""
        values = Values(kept.values, question)
        found = NOTHING
        for rule in kept.by_request:
            found = found.with_others(self.finding(answer_with(rule, question, values), question.key))
        return found

    def decide(self, question: Question) -> tuple[Findings, bool]:
        """The result of all rules, and whether none of them depends on the request."""
        kept = self.kept(question.operation, question.key)
        findings = self.of_profiles(kept, question) if kept.profiles else kept.findings
        if kept.by_caller:
            findings = findings.with_others(self.of_caller(kept, question))
        if kept.by_request:
            findings = findings.with_others(self.of_request(kept, question))
        return findings, not kept.by_request and not kept.profiles


def _surely_inapplicable(rule: CompiledRule, key: KeyFacts | None, values: dict[str, Any]) -> bool:
    """Whether it is known of a key already that ``rule`` never applies to it."""
    if rule.uses_key and key is None:
        return True
    if rule.when is None or rule.when.need is not Need.KEY:
        return False
    applies = rule.when.evaluate(values)
    return not applies.held and not applies.error
