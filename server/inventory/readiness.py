"""Readiness: the shares of protecting operations and of key versions that a profile accepts at a date.

Asymmetric and symmetric ones are apart, so that many symmetric keys can't hide one asymmetric key. What a profile
doesn't list isn't ready. Nothing to count gives no share, and so no score.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.algorithms.symmetric.mac import HMAC_KEY
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.judging import judge, utc_day
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Verdict
from engines.durations import format_time
from engines.keys.counting.use_records import DAY_SECONDS
from engines.keys.states import State
from server.inventory.rows import Row
from server.inventory.verdicts import Judging, properties_of, verdict_on, verdicts_of

WINDOW_DAYS = 30
MAX_WORST = 20
_ASYMMETRIC = frozenset({Primitive.PUBLIC_KEY_ENCRYPTION, Primitive.SIGNATURE, Primitive.KEY_ENCAPSULATION})
_PROTECTING = frozenset({State.ACTIVE, State.COMPROMISED})
"""Versions that protect, and those that would if they weren't compromised, which are never ready."""

_READY = frozenset({Verdict.ALLOW, Verdict.WARN})


@dataclass(slots=True)
class Share:
    """Ready ones among all; unknown ones aren't ready."""

    ready: int = 0
    total: int = 0
    unknown: int = 0

    def add(self, verdict: Verdict, number: int = 1) -> None:
        """Count ``number`` with this verdict."""
        self.total += number
        self.ready += number if verdict in _READY else 0
        self.unknown += number if verdict is Verdict.NOT_LISTED else 0

    @property
    def share(self) -> float | None:
        """From 0 to 1; None if there are none."""
        return self.ready / self.total if self.total else None

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        return {"ready": self.ready, "total": self.total, "unknown": self.unknown, "share": self.share}


@dataclass(slots=True)
class Half:
    """The shares of one kind of keys."""

    operations: Share = field(default_factory=Share)
    key_versions: Share = field(default_factory=Share)

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        return {"operations": self.operations.described(), "key_versions": self.key_versions.described()}


class Readiness:
    """Readiness by ``judging`` at ``at``; the window ends at ``end``. Both are in seconds since the epoch."""

    def __init__(self, judging: Judging, at: float, end: float) -> None:
        self._judging = judging
        self._at = utc_day(at)
        last = int(end // DAY_SECONDS)
        self._days = range(last - WINDOW_DAYS + 1, last + 1)
        self.asymmetric = Half()
        self.symmetric = Half()
        self._worst: list[tuple[float, Row, Verdict]] = []

    def add(self, row: Row) -> None:
        """Count a version, with its use."""
        compromised = row.state is State.COMPROMISED
        verdicts = [Verdict.REFUSE] if compromised else []
        for operation, algorithm, number in self._used(row):
            verdict = Verdict.REFUSE if compromised else self._verdict(row, operation, algorithm)
            verdicts.append(verdict)
            self._half(algorithm).operations.add(verdict, number)
        if row.state not in _PROTECTING:
            return
        if not verdicts:
            groups = verdicts_of(self._judging, properties_of(row.facts), self._at)
            verdicts = [
                group.verdict
                for group in groups
                if any(CLASS_OF[CryptoOperation(each)] is OperationClass.PROTECT for each in group.operations)
            ]
        verdict = _strictest(verdicts)
        self._half(row.facts.algorithm).key_versions.add(verdict)
        if verdict not in _READY:
            self._worst.append((row.exposed_until, row, verdict))
            self._worst.sort(key=lambda each: (-each[0], each[2] is not Verdict.REFUSE, each[1].sort_key))
            del self._worst[MAX_WORST:]

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        shares = [self.asymmetric.operations.share, self.asymmetric.key_versions.share]
        known = [share for share in shares if share is not None]
        return {
            "profile": self._judging.profile.id,
            "at": self._at.isoformat(),
            "window_days": WINDOW_DAYS,
            "asymmetric": self.asymmetric.described(),
            "symmetric": self.symmetric.described(),
            "score": math.floor(100 * min(known)) if known else None,
            "worst": [
                {
                    "id": row.id,
                    "namespace": row.facts.namespace,
                    "mount": row.facts.mount,
                    "name": row.facts.name,
                    "version": row.facts.version,
                    "verdict": verdict.value,
                    "exposed_until": format_time(exposed) if exposed else None,
                }
                for exposed, row, verdict in self._worst
            ],
        }

    def _used(self, row: Row) -> Iterator[tuple[CryptoOperation, str, int]]:
        """Each protecting operation in the window, with its algorithm, and how often."""
        if row.use is not None:
            for day, kinds in row.use.days.items():
                if day in self._days:
                    for kind, number in kinds.items():
                        operation, _, algorithm = kind.partition(" ")
                        yield CryptoOperation(operation), algorithm, number

    def _verdict(self, row: Row, operation: CryptoOperation, algorithm: str) -> Verdict:
        if operation is not CryptoOperation.HMAC:
            return verdict_on(self._judging, properties_of(row.facts), operation, self._at)
        own = ALGORITHMS[row.facts.algorithm].usage.mac_key_is_key
        key = properties_of(row.facts) if own else row_properties(HMAC_KEY)
        request = RequestFacts(hash=algorithm.removeprefix(f"{HMAC_KEY.name}-"))
        return judge(self._judging.profile, key, operation, self._at, self._judging.settings, request).verdict

    def _half(self, algorithm: str) -> Half:
        return self.asymmetric if is_asymmetric(algorithm) else self.symmetric


def is_asymmetric(algorithm: str) -> bool:
    """Whether an algorithm has public keys; that of an HMAC, which has its hash in the name, hasn't."""
    return ALGORITHMS.get(algorithm, HMAC_KEY).primitive in _ASYMMETRIC


def _strictest(verdicts: list[Verdict]) -> Verdict:
    """Refused if any is, else unknown if any is."""
    for verdict in (Verdict.REFUSE, Verdict.NOT_LISTED, Verdict.WARN):
        if verdict in verdicts:
            return verdict
    return Verdict.ALLOW if verdicts else Verdict.NOT_LISTED
