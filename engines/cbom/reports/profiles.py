"""Profiles of the crypto policy over the results of a scan: they raise the limits of the scanner's table.

The sizes of a family that a profile refuses on a day are below its limit; where it refuses all, every use of the family
is a finding. What the registry of algorithms doesn't have isn't judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from engines.algorithms.registry import ALGORITHMS
from engines.cbom.source.judging.results import Result
from engines.cbom.source.words import USE
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.judging import judge
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Profile, Verdict
from engines.crypto_policy.profiles.parameters import resolve_parameters

_FAMILIES = {"EC": "ECDSA", "Ed25519": "EdDSA"}
"""Families of the registry by the scanner's names, where they differ."""

_SIZE, _QUANTUM = "weak-key-size", "quantum-vulnerable"


@dataclass(frozen=True, slots=True)
class Limits:
    """Judgement of algorithms by one profile on one day."""

    profile: Profile
    at: date

    def raised(self, results: list[Result]) -> list[Result]:
        """``results`` with those that the profile adds, in the order of their places."""
        minimums = _minimums(self.profile.id, self.profile, self.at)
        refused = {_key(result) for result in results if minimums.get(_family(result), 1) is None}
        weak = {_key(result) for result in results if result.finding == _SIZE}
        found: list[Result] = []
        for result in results:
            if result.finding == _QUANTUM and _key(result) in refused:
                continue
            found.append(result)
            if result.finding == USE:
                found.extend(self._added(result, minimums, weak))
        return found

    def _added(self, use: Result, minimums: dict[str, int | None], weak: set[tuple[str, int, str]]) -> Iterator[Result]:
        family = _family(use)
        if family not in minimums:
            return
        minimum, source = minimums[family], f"{self.profile.id} on {self.at}"
        if minimum is None:
            yield _finding(use, _QUANTUM, f"{source} refuses {use.algorithm}.")
        elif 0 < use.key_bits < minimum and _key(use) not in weak:
            yield _finding(use, _SIZE, f"{use.algorithm} with {use.key_bits} bits is below {minimum} ({source}).")


def _finding(use: Result, finding: str, reason: str) -> Result:
    made = replace(use, finding=finding, reason=reason, raised="error")
    return replace(made, instead=made.kind.instead)


def _key(result: Result) -> tuple[str, int, str]:
    return result.place.path, result.place.line, result.algorithm


def _family(result: Result) -> str:
    return _FAMILIES.get(result.algorithm, result.algorithm)


@cache
def _minimums(_id: str, profile: Profile, at: date) -> dict[str, int | None]:
    """The least size of each family that the profile doesn't refuse on the day, in bits; None if it refuses all."""
    settings = resolve_parameters(profile, {})
    sizes: dict[str, list[int]] = {}
    for row in ALGORITHMS.values():
        allowed = sizes.setdefault(row.family, [])
        verdict = judge(profile, row_properties(row), CryptoOperation.CREATE, at, settings).verdict
        if verdict is not Verdict.REFUSE:
            allowed.append(row.size_bits)
    return {family: min(allowed) if allowed else None for family, allowed in sizes.items()}
