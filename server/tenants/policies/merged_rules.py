"""Merged rules of all policies of a caller for one path, and their conditions.

Rules of several policies for the same path are merged: their capabilities are united, one ``deny`` removes all, and
each condition of any of them applies. If two set the same condition, the stricter limit of a list and the shorter
wrapping TTLs win, and the values of a parameter are joined (an empty list means any value).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compat.policies.rules import Rule, Value, Values, join_values
from engines.base import LISTS, Operation
from server.tenants.policies.parameters import ParameterRules, Taken

_WITH_PARAMETERS = frozenset({Operation.READ, Operation.CREATE, Operation.UPDATE, Operation.PATCH})


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions on a request beyond its operation and path; TTLs in seconds, 0 for none."""

    parameters: ParameterRules | None
    min_wrapping_ttl_seconds: int
    max_wrapping_ttl_seconds: int
    pagination_limit: int

    def met(
        self, operation: Operation, given: Mapping[str, Any], wrap_ttl_seconds: float | None, taken: Taken | None
    ) -> bool:
        """Whether a request with the parameters ``given``, wrapped for ``wrap_ttl_seconds`` (None: not), meets them.

        Parameters are checked for reads and writes, as their route takes them (``taken``); lists and deletions have
        none that policies constrain.
        """
        if not self._wrapping_met(wrap_ttl_seconds):
            return False
        if operation in LISTS:
            return not self.pagination_limit or _within(given.get("limit"), self.pagination_limit)
        parameters = self.parameters
        return parameters is None or operation not in _WITH_PARAMETERS or parameters.met(given, taken)

    def _wrapping_met(self, wrap_ttl_seconds: float | None) -> bool:
        """Whether the wrapping TTL is within the limits; either limit also requires wrapping."""
        shortest, longest = self.min_wrapping_ttl_seconds, self.max_wrapping_ttl_seconds
        if not (shortest or longest):
            return True
        if not wrap_ttl_seconds:
            return False
        return shortest <= wrap_ttl_seconds and (not longest or wrap_ttl_seconds <= longest)


@dataclass(frozen=True, slots=True)
class MergedRule:
    """The capabilities on one path (just ``deny`` if any policy denies), and the policies that give each of them."""

    path: str
    """The path as rules write it, with its wildcards."""

    policies: tuple[str, ...]
    """The policies with a rule for it."""

    capabilities: frozenset[str]
    granting: Mapping[str, tuple[str, ...]]
    conditions: Conditions | None

    @property
    def denies(self) -> bool:
        """Whether the path is refused regardless of other rules."""
        return "deny" in self.capabilities


def merge(rules: Sequence[tuple[str, Rule]]) -> MergedRule:
    """The merge of all ``rules`` for one path, each with the name of its policy, in the order of the policies."""
    first = rules[0][1]
    path = f"{first.path}*" if first.prefix else first.path
    policies = tuple(dict.fromkeys(policy for policy, _ in rules))
    granting: dict[str, dict[str, None]] = {}
    required: set[str] = set()
    allowed: dict[str, list[Value]] = {}
    denied: dict[str, list[Value]] = {}
    shortest = longest = limit = 0
    for policy, rule in rules:
        if "deny" in rule.capabilities or not rule.capabilities:
            return MergedRule(path, policies, frozenset({"deny"}), {}, None)
        for capability in rule.capabilities:
            granting.setdefault(capability, {})[policy] = None
        required |= rule.required_parameters
        _join(allowed, rule.allowed_parameters)
        _join(denied, rule.denied_parameters)
        shortest = _smaller(shortest, rule.min_wrapping_ttl_seconds)
        longest = _smaller(longest, rule.max_wrapping_ttl_seconds)
        limit = _smaller(limit, rule.pagination_limit)
    parameters = None
    if required or allowed or denied:
        parameters = ParameterRules(frozenset(required), _joined(allowed), _joined(denied))
    conditions = Conditions(parameters, shortest, longest, limit)
    plain = not (parameters or shortest or longest or limit)
    return MergedRule(
        path,
        policies,
        frozenset(granting),
        {capability: tuple(names) for capability, names in granting.items()},
        None if plain else conditions,
    )


def _smaller(one: int, other: int) -> int:
    """The smaller of two limits, where 0 means no limit."""
    return min(one, other) if one and other else one or other


def _join(into: dict[str, list[Value]], values: Values) -> None:
    for name, listed in values.items():
        join_values(into, name, listed)


def _joined(values: Mapping[str, list[Value]]) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(listed) for name, listed in values.items()}


def _within(limit: Any, most: int) -> bool:
    """Whether the ``limit`` in a request is at most ``most``; empty and 0 mean none."""
    if limit is None or limit == "":
        return True
    try:
        asked = int(limit)
    except (TypeError, ValueError):
        return False
    return 0 <= asked <= most
