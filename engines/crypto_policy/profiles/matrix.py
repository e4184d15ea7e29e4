"""Profiles against the whole registry: a verdict for each algorithm and operation, conflicts, and what suits all.

Keys and operations are judged, not requests: hash and padding are left open, signatures use the pure variant, and a key
of variable length has the greatest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from engines.algorithms.registry import ALGORITHMS, SIGNING_ALGORITHMS
from engines.algorithms.row import Algorithm, Fips, Primitive
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.judging import boundaries, judge
from engines.crypto_policy.profiles.model import Profile, Verdict
from engines.crypto_policy.profiles.parameters import resolve_parameters

MAX_PROFILES = 16
"""The most profiles in one matrix."""

_MAX_COLUMNS = 256
"""The size of the cache: more than profiles times the days on which one changes."""

_PURE = RequestFacts(pure=True)
_OF_EVERY_KEY = (
    CryptoOperation.CREATE,
    CryptoOperation.IMPORT,
    CryptoOperation.ROTATE,
    CryptoOperation.RESTORE,
    CryptoOperation.CONFIGURE,
    CryptoOperation.DELETE,
    CryptoOperation.EXPORT,
    CryptoOperation.BYOK_EXPORT,
    CryptoOperation.BACKUP,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProperties:
    """The properties common to all keys of an algorithm; see ``KeyProperties``."""

    algorithm: str
    family: str
    primitive: str
    parameter_set: str
    bits: int
    classical_bits: int
    quantum_category: int
    hybrid: bool
    fips_approved: bool
    authenticates: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One algorithm and operation, with the verdict of each profile by its id."""

    algorithm: str
    operation: CryptoOperation
    verdicts: Mapping[str, Verdict]

    @property
    def allowed(self) -> bool:
        """Whether all profiles allow it."""
        return all(verdict is Verdict.ALLOW for verdict in self.verdicts.values())

    @property
    def disputed(self) -> bool:
        """Whether one profile allows what another refuses."""
        return {Verdict.ALLOW, Verdict.REFUSE} <= set(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every algorithm and operation; and the algorithms with which every operation is allowed by all profiles."""

    cells: Sequence[Cell]
    satisfy_all: Mapping[str, Sequence[str]]
    """The algorithms by their CycloneDX primitive; empty if none suits all profiles."""


def matrix(profiles: Sequence[Profile], at: date) -> Matrix:
    """The verdicts of ``profiles`` on every row of the registry on the day ``at`` (UTC), with default parameters.

    Verdicts are cached for each period between changes of a profile, so that dates chosen by a caller cost nothing
    more. More than ``MAX_PROFILES`` are the caller's error.
    """
    assert 0 < len(profiles) <= MAX_PROFILES, "the caller bounds them"
    columns = {profile.id: _verdicts(profile, _last_change(profile, at)) for profile in profiles}
    cells = [
        Cell(row.name, operation, {id_: column[row.name, operation] for id_, column in columns.items()})
        for row in ALGORITHMS.values()
        for operation in row_operations(row)
    ]
    unfit = {cell.algorithm for cell in cells if not cell.allowed}
    satisfying = [row for row in ALGORITHMS.values() if row.name not in unfit]
    by_primitive = {
        primitive.value: [row.name for row in satisfying if row.primitive is primitive] for primitive in Primitive
    }
    return Matrix(cells, by_primitive)


@lru_cache(maxsize=_MAX_COLUMNS)
def _verdicts(profile: Profile, at: date) -> Mapping[tuple[str, CryptoOperation], Verdict]:
    """The verdicts of ``profile`` by algorithm and operation. Takes some milliseconds."""
    settings = resolve_parameters(profile, {})
    found = {}
    for row in ALGORITHMS.values():
        key = row_properties(row)
        for operation in row_operations(row):
            found[row.name, operation] = judge(profile, key, operation, at, settings, _PURE).verdict
    return found


def _last_change(profile: Profile, at: date) -> date:
    """The last day up to ``at`` on which verdicts may have changed; all days until the next one are alike."""
    days = boundaries(profile, resolve_parameters(profile, {}))
    return max((day for day in days if day <= at), default=date.min)


def row_properties(row: Algorithm) -> RowProperties:
    """The properties common to all keys of ``row``."""
    chosen = row.sizes.key_bytes_chosen
    return RowProperties(
        algorithm=row.name,
        family=row.family,
        primitive=row.primitive.value,
        parameter_set=row.parameter_set_name,
        bits=row.size_bits if chosen is None else 8 * chosen[-1],
        classical_bits=row.strength.classical_bits,
        quantum_category=row.strength.quantum_category,
        hybrid=row.hybrid,
        fips_approved=row.strength.fips is Fips.APPROVED,
        authenticates=row.usage.authenticates,
    )


def row_operations(row: Algorithm) -> tuple[CryptoOperation, ...]:
    """The operations on keys of ``row``."""
    named = tuple(CryptoOperation(name) for name in row.operations)
    data_keys = (CryptoOperation.DATAKEY, CryptoOperation.DERIVED_KEYS) if row.encrypts else ()
    tokens = (CryptoOperation.ISSUE_TOKEN,) if row.name in SIGNING_ALGORITHMS else ()
    return (*named, *data_keys, *tokens, *_OF_EVERY_KEY)
