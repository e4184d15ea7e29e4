"""Compiled policies of a caller: an index of their paths, with cached decisions.

The rule that decides about a path is chosen by rank alone, never by the order of policies:

1. the exact path, and for a list the path without its trailing slash, so that a list can't slip past a denied path;
2. of the rules with wildcards that match, the one whose first wildcard comes latest, then one that ends without
   ``*``, then the one with fewer ``+``, then the longer one, then the one that sorts later;
3. for a list, the same for the path without its trailing slash.

Only that rule decides: an exact rule overrides a denying glob, and the other way round. Ranks are computed when
policies are compiled, and a decision once for each operation and path, so that a busy caller costs one dictionary
look-up. Expired rules are left out, and ``Acl.valid_until`` is the time of the next expiry.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from sys import getsizeof
from typing import Any, Final, TypeAlias
from weakref import WeakSet

from compat.policies.rules import Policy, Rule
from engines.base import LISTS, Operation
from server.tenants.policies.builtin import ROOT
from server.tenants.policies.merged_rules import Conditions, MergedRule, merge
from server.tenants.policies.parameters import Taken
from server.tenants.policies.templates import Fill, filled
from server.tenants.policies.wildcards import WildcardRule, WildcardRules, rank_of_glob

MAX_REMEMBERED = 4096
"""The most decisions that an ACL caches; when full, the cache is emptied."""

MAX_REMEMBERED_FOR_ONE = 256
"""As ``MAX_REMEMBERED``, for an ACL of a single caller."""

MAX_RESPELT = 64
"""The most path patterns with several spellings for which an ACL caches ACLs; when full, the cache is emptied."""
MAX_TOUCHED = 256
"""The most mounts for which an ACL caches whether it grants anything; when full, the cache is emptied."""

MAX_REMEMBERED_PATH = 512
"""The longest path, in characters, whose decision is cached."""

NamedRule: TypeAlias = tuple[str, Rule]
"""A rule with the name of its policy."""

MAX_REMEMBERED_BYTES = 32 * 1024 * 1024
"""The most memory, in bytes, of the decisions cached by all ACLs of a process; beyond it, all are emptied."""

_ANSWER_BYTES = 300
"""The bytes of a cached decision besides its path: a tuple, its place in the dictionary, the decision itself."""


# The order in which sys/internal/ui/resultant-acl names capabilities.
_RESULTANT_ORDER = ("create", "delete", "list", "read", "sudo", "update", "patch", "scan")


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about one request."""

    allowed: bool
    sudo: bool = False
    """Whether the caller has root privileges on the path: the ``sudo`` capability, or the root policy."""

    granting_policies: tuple[str, ...] = ()
    """The policies that grant the capability, for the audit entry; empty if it isn't allowed."""

    limit: int = 0
    """The most names in the answer of a list; 0 for no limit."""

    conditional: bool = False
    """Whether it depends on the parameters or on wrapping too."""


NOTHING_ALLOWED: Final = Decision(False)
"""The decision about paths outside of the policies' namespace."""


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    conditions: Conditions | None = None
    refused: Decision = Decision(False)


_HELP: Final = _Answer(Decision(True))
_NOTHING: Final = _Answer(Decision(False))
_ROOT: Final = _Answer(Decision(True, True, (ROOT,)))


class _Remembered:
    """The memory used by the cached decisions of all ACLs of this process.

    A dropped ACL isn't subtracted, so at worst the caches are emptied too early.
    """

    def __init__(self) -> None:
        self._acls: WeakSet[Acl] = WeakSet()
        self._bytes = 0

    def add(self, acl: Acl, path: str) -> None:
        """Count one more decision of ``acl``, which is cached after this call."""
        size = getsizeof(path) + _ANSWER_BYTES
        if self._bytes + size > MAX_REMEMBERED_BYTES:
            for other in self._acls:
                other.forget()
            self._acls.clear()
            self._bytes = 0
        self._bytes += size
        self._acls.add(acl)


_remembered = _Remembered()


class Acl:
    """The rules of a set of policies. Immutable, except for its caches."""

    def __init__(
        self,
        exact: dict[str, MergedRule],
        globs: dict[str, MergedRule],
        wildcards: list[WildcardRule],
        *,
        root: bool = False,
    ) -> None:
        self.root = root
        self.valid_until: float = inf
        """Seconds since the epoch at which a rule or a policy expires, and the ACL must be compiled anew."""

        self.templated = False
        """Whether a rule depends on who is calling, so that the ACL is right for one caller only."""

        self.characters = 0
        """How long the texts are that it was compiled from."""

        self._exact = exact
        self._globs = globs
        self._lengths = sorted({len(path) for path in globs})
        self._wildcards = WildcardRules(wildcards)
        self._granted: list[str] | None = None
        """The paths of all rules without ``+`` that grant anything, sorted; made when they are first needed."""

        self._touched: dict[str, bool] = {}
        self._answers: dict[tuple[Operation, str], _Answer] = {}
        self._rules: tuple[NamedRule, ...] = ()
        self._respelt: dict[tuple[str, str], Acl] = {}

    def check(
        self,
        operation: Operation,
        path: str,
        given: Mapping[str, Any],
        wrap_ttl_seconds: float | None,
        taken: Taken | None = None,
    ) -> Decision:
        """Whether ``operation`` on ``path``, with the parameters ``given`` as sent, is allowed.

        ``path`` is relative to the policies' namespace; a list may have a trailing slash or not. ``wrap_ttl_seconds``
        is None if the answer isn't to be wrapped; ``taken`` tells how the path's route takes its parameters, None
        without a route.
        """
        answer = self._answers.get((operation, path))
        if answer is None:
            answer = self._answer(operation, path)
        conditions = answer.conditions
        if conditions is None or conditions.met(operation, given, wrap_ttl_seconds, taken):
            return answer.decision
        return answer.refused

    def capabilities(self, path: str) -> list[str]:
        """The capabilities on ``path``, sorted, as in ``sys/capabilities``."""
        if self.root:
            return [ROOT]
        merged = self._find(path.lstrip("/"), listing=True)
        return ["deny"] if merged is None else sorted(merged.capabilities)

    def touches(self, mount_path: str) -> bool:
        """Whether anything is granted at or below ``mount_path``, which ends in ``/``; then the mount may be shown."""
        if self.root:
            return True
        known = self._touched.get(mount_path)
        if known is None:
            known = self._touches(mount_path)
            if len(self._touched) >= MAX_TOUCHED:
                self._touched.clear()
            self._touched[mount_path] = known
        return known

    def _touches(self, mount_path: str) -> bool:
        merged = self._find(mount_path, listing=True)
        if merged is not None and not merged.denies:
            return True
        if self._granted is None:
            rules = (self._exact, self._globs)
            self._granted = sorted(path for paths in rules for path, merged in paths.items() if not merged.denies)
        place = bisect_left(self._granted, mount_path)
        if place < len(self._granted) and self._granted[place].startswith(mount_path):
            return True
        return self._wildcards.reach(mount_path)

    def resultant_acl(self, namespace_path: str = "") -> dict[str, Any]:
        """The data of ``sys/internal/ui/resultant-acl``, with whole paths; its format has no rules with ``+``."""
        if self.root:
            return {"root": True}
        return {
            "root": False,
            "exact_paths": {namespace_path + path: _describe(merged) for path, merged in self._exact.items()},
            "glob_paths": {namespace_path + path: _describe(merged) for path, merged in self._globs.items()},
        }

    def respelt(self, key: tuple[str, str], beginning: str, spell: Callable[[Rule], Rule]) -> Acl:
        """The ACL for paths that begin with ``beginning``, with ``spell`` applied to its rules.

        ``key`` identifies the spelling: its beginning and its pattern. It is compiled once.
        """
        found = self._respelt.get(key)
        if found is None:
            near = [(policy, rule) for policy, rule in self._rules if _reaches(rule, beginning)]
            spelt = [(policy, spell(rule)) for policy, rule in near]
            found = self if self.root or spelt == near else _compiled(spelt)
            if len(self._respelt) >= MAX_RESPELT:
                self._respelt.clear()
            self._respelt[key] = found
        return found

    def _answer(self, operation: Operation, path: str) -> _Answer:
        """Compute and cache the decision, except for conditions, which depend on more than operation and path."""
        if operation is Operation.HELP:
            return _HELP
        if self.root:
            return _ROOT
        asked, listing = _asked(operation, path)
        answer = _judge(self._find(asked, listing=listing), operation)
        if len(path) <= MAX_REMEMBERED_PATH:
            if len(self._answers) >= (MAX_REMEMBERED_FOR_ONE if self.templated else MAX_REMEMBERED):
                self._answers.clear()
            _remembered.add(self, path)
            self._answers[operation, path] = answer
        return answer

    def deciding(self, operation: Operation, path: str) -> MergedRule | None:
        """The rule that decides about ``operation`` on ``path``; None if there is none, and for root."""
        asked, listing = _asked(operation, path)
        return self._find(asked, listing=listing)

    def forget(self) -> None:
        """Drop the cached decisions."""
        self._answers.clear()

    def _find(self, path: str, *, listing: bool) -> MergedRule | None:
        """The merged rule that decides about ``path``, if any."""
        merged = self._exact.get(path)
        if merged is None and listing:
            merged = self._exact.get(path.removesuffix("/"))
        if merged is None:
            merged = self._find_inexact(path)
        if merged is None and listing and path.endswith("/"):
            merged = self._find_inexact(path[:-1])
        return merged

    def _find_inexact(self, path: str) -> MergedRule | None:
        """The merged rule of the wildcards that match ``path``, if any."""
        prefix = self._longest_glob(path)
        rule = self._wildcards.find(path)
        if rule is not None and (prefix is None or rule.rank > rank_of_glob(prefix)):
            return rule.merged
        return None if prefix is None else self._globs[prefix]

    def _longest_glob(self, path: str) -> str | None:
        lengths = self._lengths
        for position in range(bisect_right(lengths, len(path)) - 1, -1, -1):
            prefix = path[: lengths[position]]
            if prefix in self._globs:
                return prefix
        return None


def compile_acl(policies: Sequence[Policy], now: float, fill: Fill | None = None) -> Acl:
    """Compile ``policies`` as of ``now``, in seconds since the epoch.

    Templated paths take their values from ``fill``; without a value, they grant nothing. The policy named ``root``
    allows everything, whatever the others say. Raises what ``filled`` raises.
    """
    if any(policy.name == ROOT for policy in policies):
        return Acl({}, {}, [], root=True)
    rules: list[NamedRule] = []
    valid_until = inf
    for policy in policies:
        for rule in policy.rules:
            if rule.expiration is not None:
                if rule.expiration <= now:
                    continue
                valid_until = min(valid_until, rule.expiration)
            if rule.templated:
                for_caller = None if fill is None else filled(policy, rule, fill)
                if for_caller is None:
                    continue
                rule = for_caller
            rules.append((policy.name, rule))
    acl = _compiled(rules)
    acl.valid_until = valid_until
    acl.templated = any(policy.templated for policy in policies)
    return acl


def _compiled(rules: Sequence[NamedRule]) -> Acl:
    together: dict[tuple[str, bool, bool], list[NamedRule]] = {}
    for policy, rule in rules:
        together.setdefault((rule.path, rule.prefix, rule.segments), []).append((policy, rule))
    exact: dict[str, MergedRule] = {}
    globs: dict[str, MergedRule] = {}
    wildcards: list[WildcardRule] = []
    for (path, prefix, segments), same in together.items():
        merged = merge(same)
        if segments:
            wildcards.append(WildcardRule(same[0][1], merged))
        else:
            (globs if prefix else exact)[path] = merged
    acl = Acl(exact, globs, wildcards)
    acl._rules = tuple(rules)
    return acl


def _asked(operation: Operation, path: str) -> tuple[str, bool]:
    """``path`` as rules are looked up by it, and whether it is a list's."""
    listing = operation in LISTS
    asked = path.lstrip("/")
    return (f"{asked}/" if listing and not asked.endswith("/") else asked), listing


def _reaches(rule: Rule, beginning: str) -> bool:
    """Whether ``rule`` may apply to a path that begins with ``beginning``."""
    return rule.segments or rule.path.startswith(beginning) or (rule.prefix and beginning.startswith(rule.path))


def _judge(merged: MergedRule | None, operation: Operation) -> _Answer:
    if merged is None or merged.denies:
        return _NOTHING
    sudo = "sudo" in merged.capabilities
    if operation.value not in merged.capabilities:
        return _Answer(Decision(False, sudo))
    conditions = merged.conditions
    limit = conditions.pagination_limit if conditions is not None and operation in LISTS else 0
    granting = merged.granting[operation.value]
    allowed = Decision(True, sudo, granting, limit, conditional=conditions is not None)
    return _Answer(allowed, conditions, Decision(False, sudo))


def _describe(merged: MergedRule) -> dict[str, Any]:
    if merged.denies:
        return {"capabilities": ["deny"]}
    described: dict[str, Any] = {"capabilities": [name for name in _RESULTANT_ORDER if name in merged.capabilities]}
    conditions = merged.conditions
    if conditions is None:
        return described
    parameters = conditions.parameters
    if parameters is not None and parameters.allowed:
        described["allowed_parameters"] = {name: list(values) for name, values in parameters.allowed.items()}
    if parameters is not None and parameters.denied:
        described["denied_parameters"] = {name: list(values) for name, values in parameters.denied.items()}
    if parameters is not None and parameters.required:
        described["required_parameters"] = sorted(parameters.required)
    if conditions.min_wrapping_ttl_seconds:
        described["min_wrapping_ttl"] = conditions.min_wrapping_ttl_seconds
    if conditions.max_wrapping_ttl_seconds:
        described["max_wrapping_ttl"] = conditions.max_wrapping_ttl_seconds
    return described
