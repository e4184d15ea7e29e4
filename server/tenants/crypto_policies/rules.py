"""Compiled policies: rules with their expressions, and profiles, ready for evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.catalogue import find_profile
from engines.crypto_policy.profiles.model import Profile
from engines.crypto_policy.profiles.parameters import Settings, resolve_parameters
from engines.faults import InvalidRequest
from server.tenants.crypto_policies.documents import DESCENDANTS, Document, Mode, Rule, Scope, operations_of, period
from server.tenants.crypto_policies.expressions import Expression, MissingLibrary, broken, compile_expression
from server.tenants.crypto_policies.language import ExpressionError
from server.tenants.crypto_policies.variables import Need

MAX_REQUEST_RULES = 16
"""The most rules on the request in one namespace, those of namespaces above included."""


@dataclass(frozen=True, slots=True)
class Source:
    """The policy of a rule."""

    namespace: str
    """The path of the namespace that it is of, ending in ``/``; ``""`` for the root."""

    policy: str
    version: int

    @property
    def label(self) -> str:
        """The policy with its version, as the audit names it."""
        return f"{self.policy}@{self.version}"


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule with its expressions."""

    source: Source
    name: str
    mode: Mode
    operations: frozenset[CryptoOperation]
    starts: float
    ends: float
    message: str
    when: Expression | None
    require: Expression
    need: Need
    uses_key: bool
    """Whether it uses facts of the key: then it doesn't apply to operations without one."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProfile:
    """A profile with its parameters."""

    source: Source
    profile: Profile
    settings: Settings
    mode: Mode


AnyRule: TypeAlias = CompiledRule | CompiledProfile


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """A policy as it is asked."""

    source: Source
    document: Document
    scope: Scope
    rules: tuple[CompiledRule, ...]
    profile: CompiledProfile | None

    @property
    def request_rules(self) -> int:
        """The number of its rules that are evaluated for each item."""
        return sum(rule.need is Need.REQUEST for rule in self.rules)

    @property
    def rule_names(self) -> frozenset[str]:
        """The names of its rules, those of the profile included."""
        names = {rule.name for rule in self.rules}
        if self.profile is not None:
            profile = self.profile.profile
            names |= {rule.name for rule in profile.rules} | {f"{profile.name}/not-listed"}
        return frozenset(names)

    def reaches(self, namespace: str) -> bool:
        """Whether it applies to keys of ``namespace``, a path."""
        own = self.source.namespace
        return namespace == own or (self.scope.namespaces == DESCENDANTS and namespace.startswith(own))

    def covers(self, namespace: str, mount: str) -> bool:
        """Whether it applies to keys of the mount at ``mount`` in ``namespace``."""
        return self.reaches(namespace) and (not self.scope.mounts or mount in self.scope.mounts)


def compile_policy(source: Source, document: Document) -> CompiledPolicy:
    """Compile ``document``, as it is being written. Raises ``InvalidRequest`` with rule, line and column.

    Takes about 0.5 ms for each expression. Raises ``MissingLibrary`` without the library.
    """
    rules = tuple(_compile_rule(source, document, rule) for rule in document.rules)
    return CompiledPolicy(source, document, document.scope, rules, _profile(source, document))


def compile_stored(source: Source, document: Document) -> CompiledPolicy:
    """Compile ``document``, as it is stored: an expression that can't be compiled any longer never holds."""
    rules = tuple(_compile_rule(source, document, rule, stored=True) for rule in document.rules)
    try:
        profile = _profile(source, document)
    except InvalidRequest as error:  # This version of the server doesn't have it any more.
        profile, rules = None, (*rules, _missing_profile(source, document, str(error)))
    return CompiledPolicy(source, document, document.scope, rules, profile)


def _missing_profile(source: Source, document: Document, reason: str) -> CompiledRule:
    never = broken("", reason)
    return CompiledRule(
        source=source,
        name=document.profile,
        mode=document.mode,
        operations=frozenset(CryptoOperation),
        starts=-inf,
        ends=inf,
        message=reason,
        when=None,
        require=never,
        need=never.need,
        uses_key=False,
    )


def _compile_rule(source: Source, document: Document, rule: Rule, *, stored: bool = False) -> CompiledRule:
    when = _expression(rule, "when", rule.when, stored=stored) if rule.when else None
    require = _expression(rule, "require", rule.require, stored=stored)
    parts = [require] if when is None else [when, require]
    starts, ends = period(rule)
    return CompiledRule(
        source=source,
        name=rule.name,
        mode=rule.mode or document.mode,
        operations=operations_of(rule.operations, f'rule "{rule.name}", operations'),
        starts=starts,
        ends=ends,
        message=rule.message,
        when=when,
        require=require,
        need=max(part.need for part in parts),
        uses_key=any(part.uses_key for part in parts),
    )


def _expression(rule: Rule, part: str, text: str, *, stored: bool) -> Expression:
    try:
        return compile_expression(text, new=not stored)
    except ExpressionError as error:
        reason = f'rule "{rule.name}", {part} {error}'
        if not stored:
            raise InvalidRequest(reason) from None
    except MissingLibrary:
        if not stored:
            raise
        reason = "the library for expressions is missing"
    return broken(text, reason)


def _profile(source: Source, document: Document) -> CompiledProfile | None:
    if not document.profile:
        return None
    profile = find_profile(document.profile)
    if profile is None:
        raise InvalidRequest(f"there is no profile {document.profile!r}")
    return CompiledProfile(source, profile, resolve_parameters(profile, document.profile_parameters), document.mode)


def changes_between(policies: list[CompiledPolicy], now: float) -> float:
    """The first time after ``now`` at which a rule begins or ends; infinity if none does."""
    times = [time for policy in policies for rule in policy.rules for time in (rule.starts, rule.ends) if time > now]
    return min(times, default=inf)
