"""What all of a caller's policies together say of one path: a ``Grant``, and the conditions it may carry.

Rules of several policies for the same path add up: their capabilities are united, one ``deny`` takes everything away,
and each condition that any of them sets holds for all. Where two set the same condition, the stricter limit of a list
and the shorter wrapping TTLs win, and the values of a parameter are joined (no values at all means any value).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compat.conversion import ConversionError, to_boolean, to_float, to_integer
from compat.policies import Rule, Value, Values, join_values
from engines.base import Operation

ANY = "*"
"""The name that stands for every parameter."""

_LISTS = frozenset({Operation.LIST, Operation.SCAN})
_READINGS: tuple[Callable[[object], object], ...] = (to_boolean, to_integer, to_float)
_WITH_PARAMETERS = frozenset({Operation.READ, Operation.CREATE, Operation.UPDATE, Operation.PATCH})


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold for a request beyond its operation and path; TTLs in seconds, 0 for "not said"."""

    required: frozenset[str]
    allowed: Values
    denied: Values
    min_wrapping_ttl_seconds: int
    max_wrapping_ttl_seconds: int
    pagination_limit: int

    def met(self, operation: Operation, given: Mapping[str, Any], wrap_ttl_seconds: float | None) -> bool:
        """Whether a request with the parameters ``given``, wrapped for ``wrap_ttl_seconds`` (None: not), may pass.

        Parameters are looked at for reads and writes; lists and deletions have none that a policy could speak of.
        """
        if not self._wrapping_met(wrap_ttl_seconds):
            return False
        if operation in _LISTS:
            return not self.pagination_limit or _within(given.get("limit"), self.pagination_limit)
        return operation not in _WITH_PARAMETERS or self._parameters_met(given)

    def _wrapping_met(self, wrap_ttl_seconds: float | None) -> bool:
        """A limit on either side also demands that the answer is wrapped at all."""
        shortest, longest = self.min_wrapping_ttl_seconds, self.max_wrapping_ttl_seconds
        if not (shortest or longest):
            return True
        if not wrap_ttl_seconds:
            return False
        return shortest <= wrap_ttl_seconds and (not longest or wrap_ttl_seconds <= longest)

    def _parameters_met(self, given: Mapping[str, Any]) -> bool:
        if not self.required <= given.keys():
            return False
        if not given:
            return True
        if ANY in self.denied:
            return False
        for name, value in given.items():
            values = self.denied.get(name.lower())
            if values is not None and (not values or any(_denies(listed, value) for listed in values)):
                return False
        if not self.allowed or (len(self.allowed) == 1 and ANY in self.allowed):
            return True
        for name, value in given.items():
            values = self.allowed.get(name.lower())
            if values is None:
                if ANY not in self.allowed:
                    return False
            elif values and not any(_matches(listed, value) for listed in values):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Grant:
    """The capabilities on one path (just ``deny`` where any policy denies), and which policies give each of them."""

    capabilities: frozenset[str]
    granting: Mapping[str, tuple[str, ...]]
    conditions: Conditions | None

    @property
    def denies(self) -> bool:
        """Whether the path is refused whatever else matches it."""
        return "deny" in self.capabilities


def merge(rules: Iterable[tuple[str, Rule]]) -> Grant:
    """The grant of all ``rules`` for one path, each with the name of its policy, in the order of the policies."""
    granting: dict[str, dict[str, None]] = {}
    required: set[str] = set()
    allowed: dict[str, list[Value]] = {}
    denied: dict[str, list[Value]] = {}
    shortest = longest = limit = 0
    for policy, rule in rules:
        if "deny" in rule.capabilities or not rule.capabilities:
            return Grant(frozenset({"deny"}), {}, None)
        for capability in rule.capabilities:
            granting.setdefault(capability, {})[policy] = None
        required |= rule.required_parameters
        _join(allowed, rule.allowed_parameters)
        _join(denied, rule.denied_parameters)
        shortest = _smaller(shortest, rule.min_wrapping_ttl_seconds)
        longest = _smaller(longest, rule.max_wrapping_ttl_seconds)
        limit = _smaller(limit, rule.pagination_limit)
    conditions = Conditions(frozenset(required), _joined(allowed), _joined(denied), shortest, longest, limit)
    plain = not (required or allowed or denied or shortest or longest or limit)
    return Grant(
        frozenset(granting),
        {capability: tuple(names) for capability, names in granting.items()},
        None if plain else conditions,
    )


def _smaller(one: int, other: int) -> int:
    """The smaller of two limits, where 0 is no limit."""
    return min(one, other) if one and other else one or other


def _join(into: dict[str, list[Value]], values: Values) -> None:
    for name, listed in values.items():
        join_values(into, name, listed)


def _joined(values: Mapping[str, list[Value]]) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(listed) for name, listed in values.items()}


def _within(limit: Any, most: int) -> bool:
    """Whether the ``limit`` that a client asked for is at most ``most``; empty and 0 ask for none in particular."""
    if limit is None or limit == "":
        return True
    try:
        asked = int(limit)
    except (TypeError, ValueError):
        return False
    return 0 <= asked <= most


def _matches(listed: Value, given: object) -> bool:
    """Whether a value is the listed one, or fits it where that is a string that begins or ends in ``*``."""
    if isinstance(listed, str) and isinstance(given, str):
        return _fits(listed, given)
    return _equals(listed, given)


def _denies(listed: Value, given: object) -> bool:
    """As ``_matches``; a denied value also denies whatever a handler could read as the same.

    Parameters are read leniently, so ``true`` may come as ``"1"`` too. To let that pass, as Vault does, helps nobody
    but an attacker.
    """
    if _matches(listed, given):
        return True
    readings = ((_read(reading, listed), _read(reading, given)) for reading in _READINGS)
    return any(one is not None and one == other for one, other in readings)


def _read(reading: Callable[[object], object], value: object) -> object:
    """``value`` as a handler would have it, or None if it can't."""
    try:
        return reading(value)
    except ConversionError:
        return None


def _equals(listed: Value, given: object) -> bool:
    """Whether two values are of one type and equal. Numbers never are: policies and requests read them differently."""
    if listed is None or isinstance(listed, bool):
        return listed is given
    if isinstance(listed, str):
        return isinstance(given, str) and listed == given
    if isinstance(listed, tuple):
        return isinstance(given, list) and len(listed) == len(given) and all(map(_equals, listed, given))
    if isinstance(listed, Mapping):
        if not isinstance(given, dict) or listed.keys() != given.keys():
            return False
        return all(_equals(value, given[name]) for name, value in listed.items())
    return False


def _fits(pattern: str, text: str) -> bool:
    """Whether ``text`` fits a pattern with ``*`` at its ends; a lone ``*`` is the character itself."""
    if len(pattern) < 2:
        return pattern == text
    if pattern.startswith("*"):
        return pattern[1:-1] in text if pattern.endswith("*") else text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == text
