"""Verdicts of crypto profiles on the operations of a key version, cached for all versions with the same properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.judging import boundaries, judge, next_change
from engines.crypto_policy.profiles.matrix import RowProperties, row_operations
from engines.crypto_policy.profiles.model import Profile, Verdict
from engines.crypto_policy.profiles.parameters import Settings, resolve_parameters

_CACHED = 4096
_PURE = RequestFacts(pure=True)
"""As in the matrix of profiles: hash and padding are left open, signatures use the pure variant."""

_USES = (OperationClass.PROTECT, OperationClass.PROCESS)
_SEVERITY = {Verdict.ALLOW: 0, Verdict.NOT_LISTED: 1, Verdict.WARN: 2, Verdict.REFUSE: 3}


@dataclass(frozen=True, slots=True)
class Judging:
    """A profile with its parameters; equal ones share cached verdicts."""

    profile: Profile
    given: str = ""
    """The parameters as given, in JSON."""

    parameters: Mapping[str, Any] | None = None

    def __hash__(self) -> int:
        return hash((self.profile.id, self.given))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Judging) and (self.profile.id, self.given) == (other.profile.id, other.given)

    @property
    def settings(self) -> Settings:
        """The parameters with defaults for those that aren't given. Raises ``InvalidRequest``."""
        return resolve_parameters(self.profile, self.parameters or {})


@dataclass(frozen=True, slots=True)
class VerdictGroup:
    """Operations on which a profile's verdict is the same until the same day."""

    operations: tuple[str, ...]
    verdict: Verdict
    until: date | None
    """The last day of this verdict; None if it never changes."""

    then: Verdict | None
    rule: str


def properties_of(facts: KeyFacts) -> RowProperties:
    """The facts that profiles judge."""
    return RowProperties(**{each.name: getattr(facts, each.name) for each in fields(RowProperties)})


def operations_of(algorithm: str) -> tuple[CryptoOperation, ...]:
    """The operations that protect or process with keys of a row of the registry."""
    return tuple(each for each in row_operations(ALGORITHMS[algorithm]) if CLASS_OF[each] in _USES)


def verdicts_of(judging: Judging, key: RowProperties, at: date) -> tuple[VerdictGroup, ...]:
    """The verdicts on all operations with ``key`` on the day ``at`` (UTC), as in the matrix of profiles."""
    days = boundaries(judging.profile, judging.settings)
    return _verdicts(judging, key, max((day for day in days if day <= at), default=date.min))


def worst_of(groups: Sequence[VerdictGroup]) -> Verdict:
    """The strictest of all verdicts."""
    return max((group.verdict for group in groups), key=_SEVERITY.__getitem__, default=Verdict.NOT_LISTED)


def verdict_on(judging: Judging, key: RowProperties, operation: CryptoOperation, at: date) -> Verdict:
    """The verdict on one operation."""
    for group in verdicts_of(judging, key, at):
        if operation.value in group.operations:
            return group.verdict
    return Verdict.NOT_LISTED


@lru_cache(maxsize=_CACHED)
def _verdicts(judging: Judging, key: RowProperties, at: date) -> tuple[VerdictGroup, ...]:
    settings = judging.settings
    found: dict[tuple[Verdict, date | None, Verdict | None, str], list[str]] = {}
    for operation in operations_of(key.algorithm):
        judgement = judge(judging.profile, key, operation, at, settings, _PURE)
        change = next_change(judging.profile, key, operation, at, settings, _PURE)
        until, then = (None, None) if change is None else (change[0] - timedelta(days=1), change[1].verdict)
        found.setdefault((judgement.verdict, until, then, judgement.rule), []).append(operation.value)
    return tuple(
        VerdictGroup(tuple(operations), verdict, until, then, rule)
        for (verdict, until, then, rule), operations in found.items()
    )
