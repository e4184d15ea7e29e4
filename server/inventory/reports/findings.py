"""Numbers for reports on the inventory, from one walk over all key versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.catalogue import all_profiles, find_profile
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Verdict
from engines.keys.states import State
from server.inventory.own import Own
from server.inventory.rows import Row
from server.inventory.verdicts import Judging, operations_of, properties_of, verdict_on, verdicts_of

ORDER = "eo-14412"
"""The executive order's profile."""

_READY = frozenset({Verdict.ALLOW, Verdict.WARN})
_ESTABLISHES = frozenset(
    {
        CryptoOperation.ENCRYPT,
        CryptoOperation.DATAKEY,
        CryptoOperation.DERIVED_KEYS,
        CryptoOperation.AGREE,
        CryptoOperation.ENCAPSULATE,
    }
)
_SIGNS = frozenset({CryptoOperation.SIGN})
_ASYMMETRIC = frozenset({Primitive.PUBLIC_KEY_ENCRYPTION, Primitive.SIGNATURE, Primitive.KEY_ENCAPSULATION})
_PROTECTING = frozenset({State.ACTIVE, State.COMPROMISED})

_KEYS_DUE, _SIGNATURES_DUE = date(2031, 1, 1), date(2032, 1, 1)
"""The first days on which the order accepts post-quantum cryptography alone."""


@dataclass(slots=True)
class Tallied:
    """Asymmetric versions in use for one purpose, and those that the order accepts when it is due."""

    total: int = 0
    ready: int = 0
    others: Counter[str] = field(default_factory=Counter)


class Findings:
    """Numbers of what reports tell, as of ``day``; ``own`` is the server's own cryptography."""

    def __init__(self, day: date, own: Own, *, hide_names: bool) -> None:
        order = find_profile(ORDER)
        assert order is not None, "a profile of that name is built in"
        self._order = Judging(order)
        self._profiles = [Judging(profile) for profile in all_profiles().values()]
        self.day = day
        self.own = own
        self.hide_names = hide_names
        self.versions = 0
        self.algorithms: Counter[str] = Counter()
        self.mounts: Counter[str] = Counter()
        self.classified = 0
        self.owned = 0
        self.used = 0
        self.callers: set[str] = set()
        self.establishing = Tallied()
        self.signing = Tallied()

    def add(self, row: Row) -> None:
        """Count a version, unless it protects nothing."""
        if row.state not in _PROTECTING:
            return
        facts = row.facts
        self.versions += 1
        self.algorithms[facts.algorithm] += 1
        self.mounts[f"{facts.namespace}{facts.mount}"] += 1
        self.classified += bool(facts.data_class)
        self.owned += bool(facts.owner)
        if row.use is not None:
            self.used += bool(row.use.protect.operations or row.use.process.operations)
            self.callers.update(entity for entity in row.use.callers if entity)
        if ALGORITHMS[facts.algorithm].primitive in _ASYMMETRIC:
            self._tally(self.establishing, row, _ESTABLISHES, _KEYS_DUE)
            self._tally(self.signing, row, _SIGNS, _SIGNATURES_DUE)

    def ends(self) -> list[str]:
        """What profiles end for the algorithms in use, in sentences, the earliest first."""
        found: set[tuple[date, str]] = set()
        for name in self.algorithms:
            for judging in self._profiles:
                for until, operations in _ends_of(judging, name, self.day):
                    found.add((until, f"{judging.profile.id} refuses {operations} by {name} after {until}"))
        return [text for _, text in sorted(found)]

    def _tally(self, tallied: Tallied, row: Row, operations: frozenset[CryptoOperation], due: date) -> None:
        name = row.facts.algorithm
        asked = [each for each in operations_of(name) if each in operations]
        if not asked:
            return
        tallied.total += 1
        verdicts = {verdict_on(self._order, properties_of(row.facts), each, due) for each in asked}
        if verdicts <= _READY and row.state is State.ACTIVE:
            tallied.ready += 1
        else:
            tallied.others[name] += 1


def _ends_of(judging: Judging, algorithm: str, day: date) -> Iterator[tuple[date, str]]:
    for group in verdicts_of(judging, row_properties(ALGORITHMS[algorithm]), day):
        if group.until is not None and group.then is Verdict.REFUSE:
            yield group.until, ", ".join(group.operations)
