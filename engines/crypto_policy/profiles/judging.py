"""Verdict of a profile on one use of a key: its rows compared with facts, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol

from engines.crypto_policy.facts import NO_REQUEST, RequestFacts
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.model import Conditions, Judgement, Profile, Rule, Topic, Use, Verdict
from engines.crypto_policy.profiles.parameters import Settings

UNJUDGED = frozenset(operation for operation, class_ in CLASS_OF.items() if class_ is OperationClass.COPY) | frozenset(
    {CryptoOperation.RESTORE, CryptoOperation.CONFIGURE, CryptoOperation.DELETE}
)
"""Operations without verdicts: the documents are about protection, not storage, transfer and deletion of keys."""

_PROCESSING = frozenset({CryptoOperation.DECRYPT, CryptoOperation.VERIFY, CryptoOperation.DECAPSULATE})
_SIGNATURES = frozenset({CryptoOperation.SIGN, CryptoOperation.VERIFY, CryptoOperation.ISSUE_TOKEN})
_STRICTNESS = {Verdict.ALLOW: 0, Verdict.WARN: 1, Verdict.REFUSE: 2}


class KeyProperties(Protocol):
    """The properties of a key in rules: a part of ``engines.crypto_policy.facts.KeyFacts``."""

    @property
    def algorithm(self) -> str: ...

    @property
    def family(self) -> str: ...

    @property
    def primitive(self) -> str: ...

    @property
    def parameter_set(self) -> str: ...

    @property
    def bits(self) -> int: ...

    @property
    def classical_bits(self) -> int: ...

    @property
    def quantum_category(self) -> int: ...

    @property
    def hybrid(self) -> bool: ...

    @property
    def fips_approved(self) -> bool: ...

    @property
    def authenticates(self) -> bool: ...


def utc_day(seconds: float) -> date:
    """The day, in UTC, of a time in seconds since the epoch; verdicts change at 00:00 UTC."""
    return datetime.fromtimestamp(seconds, UTC).date()


def judge(
    profile: Profile,
    key: KeyProperties | None,
    operation: CryptoOperation,
    at: date,
    settings: Settings,
    request: RequestFacts = NO_REQUEST,
) -> Judgement:
    """The verdict of ``profile`` on ``operation`` with ``key`` on the day ``at`` (UTC).

    ``key`` is None for operations without one, for which only the hash is judged. Facts absent from ``request``, such
    as the hash when a key is made, aren't judged. ``settings`` are of the same profile.
    """
    if operation in UNJUDGED:
        text = "Profiles leave it open how keys are kept, moved and deleted."
        return Judgement(Verdict.ALLOW, Verdict.ALLOW, f"{profile.name}/unjudged", text, "", "")
    topics = _topics(key, operation, request)
    deciding: dict[Topic, Rule] = {}
    for rule in profile.rules:
        judged = rule.topic in topics and rule.topic not in deciding
        if judged and _applies(rule, key, operation, at, settings, request):
            deciding[rule.topic] = rule
    found = [_judgement(rule, settings) for rule in deciding.values()]
    if (Topic.HASH if key is None else Topic.ALGORITHM) not in deciding:
        text = f"{profile.title} doesn't speak of it."
        found.append(Judgement(Verdict.NOT_LISTED, settings.not_listed, f"{profile.name}/not-listed", text, "", ""))
    return max(found, key=lambda judgement: _STRICTNESS[judgement.effect])


def next_change(
    profile: Profile,
    key: KeyProperties | None,
    operation: CryptoOperation,
    at: date,
    settings: Settings,
    request: RequestFacts = NO_REQUEST,
) -> tuple[date, Judgement] | None:
    """The first day after ``at`` on which the verdict changes, and the new verdict; None if it never does."""
    verdict = judge(profile, key, operation, at, settings, request).verdict
    for day in boundaries(profile, settings):
        if day > at:
            judgement = judge(profile, key, operation, day, settings, request)
            if judgement.verdict is not verdict:
                return day, judgement
    return None


def boundaries(profile: Profile, settings: Settings) -> tuple[date, ...]:
    """The days on which verdicts of ``profile`` may change, in order."""
    given = (day for rule in profile.rules for day in (rule.starts, rule.ends) if day is not None)
    return tuple(sorted({settings.day(day) for day in given}))


def _topics(key: KeyProperties | None, operation: CryptoOperation, request: RequestFacts) -> frozenset[Topic]:
    """The topics of a use that can be judged."""
    present = {
        Topic.ALGORITHM: key is not None,
        Topic.HASH: bool(request.hash),
        Topic.PADDING: bool(request.scheme),
        Topic.VARIANT: key is not None and operation in _SIGNATURES,
    }
    return frozenset(topic for topic, there in present.items() if there)


def _applies(
    rule: Rule,
    key: KeyProperties | None,
    operation: CryptoOperation,
    at: date,
    settings: Settings,
    request: RequestFacts,
) -> bool:
    conditions = rule.conditions
    if conditions.operations and operation not in conditions.operations:
        return False
    if (Use.PROCESS if operation in _PROCESSING else Use.PROTECT) not in conditions.uses:
        return False
    if rule.starts is not None and at < settings.day(rule.starts):
        return False
    if rule.ends is not None and at >= settings.day(rule.ends):
        return False
    if any(settings.values[name] not in values for name, values in conditions.parameters.items()):
        return False
    return _of_request(conditions, request) and _of_key(conditions, key)


def _of_request(conditions: Conditions, request: RequestFacts) -> bool:
    return (
        (not conditions.hashes or request.hash in conditions.hashes)
        and (not conditions.schemes or request.scheme in conditions.schemes)
        and (conditions.pure is None or request.pure is conditions.pure)
    )


def _of_key(conditions: Conditions, key: KeyProperties | None) -> bool:
    if key is None:
        return not (conditions.families or conditions.primitives or conditions.algorithms)
    return (
        (not conditions.families or key.family in conditions.families)
        and (not conditions.parameter_sets or key.parameter_set in conditions.parameter_sets)
        and (not conditions.algorithms or key.algorithm in conditions.algorithms)
        and (not conditions.primitives or key.primitive in conditions.primitives)
        and key.bits >= conditions.min_bits
        and key.classical_bits >= conditions.min_classical_bits
        and key.quantum_category >= conditions.min_quantum_category
        and (conditions.hybrid is None or key.hybrid is conditions.hybrid)
        and (conditions.fips_approved is None or key.fips_approved is conditions.fips_approved)
        and (conditions.authenticates is None or key.authenticates is conditions.authenticates)
    )


def _judgement(rule: Rule, settings: Settings) -> Judgement:
    effect = settings.not_listed if rule.verdict is Verdict.NOT_LISTED else rule.verdict
    return Judgement(rule.verdict, effect, rule.name, rule.text, rule.source.title, rule.section)
