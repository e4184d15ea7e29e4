"""Answers of rules about one use of a key: each rule is evaluated, one after the other.

``server.tenants.crypto_policies.plans`` keeps what can be kept of it; ``evaluate`` and the tests of documents ask all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.judging import judge
from engines.crypto_policy.profiles.model import Verdict
from server.tenants.crypto_policies.documents import Mode
from server.tenants.crypto_policies.rules import AnyRule, CompiledProfile, CompiledRule, Source
from server.tenants.crypto_policies.variables import (
    CallerFacts,
    caller_value,
    day_of,
    key_values,
    operation_values,
    request_value,
)

UNJUDGED = "unjudged"
"""The last part of the name of a profile's rule where it says nothing of an operation."""


class Question:
    """One use of a key: what, with which version, how, and by whom. Facts become values of variables when needed."""

    def __init__(
        self,
        operation: CryptoOperation,
        key: KeyFacts | None,
        request: RequestFacts,
        caller: CallerFacts,
        remote_address: str,
        now: float,
    ) -> None:
        """``now`` in seconds since the epoch; of it, only the day in UTC matters."""
        self.operation = operation
        self.key = key
        self.request = request
        self.caller = caller
        self.remote_address = remote_address
        self.now = now

    @cached_property
    def values(self) -> Values:
        """The values of all variables that there are."""
        of_key = {} if self.key is None else key_values(self.key, day_of(self.now))
        return Values({**of_key, **operation_values(self.operation)}, self)


class Values:
    """The values of variables by name: those of the key and the operation ``known``, others taken when asked for."""

    __slots__ = ("_known", "_question")

    def __init__(self, known: Mapping[str, Any], question: Question) -> None:
        self._known = known
        self._question = question

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        part, _, field = name.partition(".")
        question = self._question
        if part == "request":
            return request_value(field, question.request, question.remote_address)
        if part == "caller":
            return caller_value(field, question.caller)
        raise KeyError(name)  # A fact of a key, where there is none.

    def __contains__(self, name: str) -> bool:
        return self._question.key is not None or not name.startswith("key.")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one rule."""

    source: Source
    rule: str
    mode: Mode
    held: bool
    error: str = ""
    message: str = ""
    names: tuple[str, ...] = ()
    """The variables that it names."""


def answer(rule: AnyRule, question: Question) -> Answer | None:
    """The answer of ``rule`` to ``question``; None if it doesn't apply. Operation and time were checked before."""
    if isinstance(rule, CompiledProfile):
        return _of_profile(rule, question)
    return answer_with(rule, question, question.values)


def answer_with(rule: CompiledRule, question: Question, values: Values) -> Answer | None:
    """As ``answer``, with the values of the variables that ``rule`` names."""
    if rule.uses_key and question.key is None:
        return None
    names = rule.require.names
    if rule.when is not None:
        names = tuple(dict.fromkeys((*rule.when.names, *names)))
        applies = rule.when.evaluate(values)
        if applies.error:
            return Answer(rule.source, rule.name, rule.mode, False, applies.error, rule.message, names)
        if not applies.held:
            return None
    outcome = rule.require.evaluate(values)
    return Answer(rule.source, rule.name, rule.mode, outcome.held, outcome.error, rule.message, names)


def _of_profile(rule: CompiledProfile, question: Question) -> Answer | None:
    day = datetime.fromtimestamp(question.now, UTC).date()
    found = judge(rule.profile, question.key, question.operation, day, rule.settings, question.request)
    if found.rule.endswith(f"/{UNJUDGED}"):
        return None
    if found.effect is Verdict.ALLOW:
        return Answer(rule.source, found.rule, rule.mode, True)
    mode = rule.mode
    if found.effect is not Verdict.REFUSE and mode.strictness > Mode.WARN.strictness:
        mode = Mode.WARN
    return Answer(rule.source, found.rule, mode, False, "", found.text)
