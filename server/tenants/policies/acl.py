"""Whether a caller may do something: policies compiled into an index of their paths, and its answers remembered.

Which rule speaks for a path is decided by rank alone, never by the order of policies:

1. the exact path, and for a list the path without its trailing slash, so that a list can't slip past a denied path;
2. of the rules with wildcards that match, the one whose first wildcard comes latest, then one that ends without
   ``*``, then the one with fewer ``+``, then the longer one, then the one that sorts later;
3. for a list, the same for the path without its trailing slash.

The winner alone decides: an exact rule overrides a denying glob, and the other way round. Everything is ranked when
policies are compiled, and an answer is worked out once for each operation and path, so that a busy caller is answered
from one dictionary. Rules that have expired are left out, and ``Acl.valid_until`` says when the next one will.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from sys import getsizeof
from typing import Any, Final, TypeAlias
from weakref import WeakSet

from compat.policies import Policy, Rule
from engines.base import Operation
from server.tenants.policies.builtin import ROOT
from server.tenants.policies.merged_rules import Conditions, MergedRule, merge
from server.tenants.policies.parameters import Taken
from server.tenants.policies.templates import Fill, filled
from server.tenants.policies.wildcards import WildcardRule, WildcardRules, rank_of_glob

MAX_REMEMBERED = 4096
"""How many answers an ACL keeps; when it is full it starts afresh."""

MAX_REMEMBERED_FOR_ONE = 256
"""As ``MAX_REMEMBERED``, of an ACL that is for one caller alone."""

MAX_RESPELT = 64
"""For how many patterns of paths with several spellings an ACL is kept; when it is full, it starts afresh."""
MAX_TOUCHED = 256
"""For how many mounts an ACL remembers whether it grants anything in them; when it is full it starts afresh."""

MAX_REMEMBERED_PATH = 512
"""The longest path, in characters, whose answer is kept."""

NamedRule: TypeAlias = tuple[str, Rule]
"""A rule with the name of its policy."""

MAX_REMEMBERED_BYTES = 32 * 1024 * 1024
"""How much memory the answers of all ACLs of a process may take; when it is more, all start afresh."""

_ANSWER_BYTES = 300
"""What an answer takes beside its path: a tuple, its place in the dictionary, the answer itself."""

_LISTS = frozenset({Operation.LIST, Operation.SCAN})

# The order in which sys/internal/ui/resultant-acl names capabilities.
_RESULTANT_ORDER = ("create", "delete", "list", "read", "sudo", "update", "patch", "scan")


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one request."""

    allowed: bool
    sudo: bool = False
    """Whether the caller has root privileges on the path: the ``sudo`` capability, or the root policy."""

    granting_policies: tuple[str, ...] = ()
    """The policies that give the capability, for the audit entry; none where it isn't allowed."""

    limit: int = 0
    """The most names that a list may answer with; 0 for no limit."""

    conditional: bool = False
    """Whether it depends on the parameters or on wrapping too."""


NOTHING_ALLOWED: Final = Decision(False)
"""For paths that the policies can't speak of, because they lie outside of their namespace."""


@dataclass(frozen=True, slots=True)
class _Answer:
    decision: Decision
    conditions: Conditions | None = None
    refused: Decision = Decision(False)


_HELP: Final = _Answer(Decision(True))
_NOTHING: Final = _Answer(Decision(False))
_ROOT: Final = _Answer(Decision(True, True, (ROOT,)))


class _Remembered:
    """The memory that the answers of all ACLs of this process take.

    What an ACL gives back when it is dropped isn't counted, so that at worst they start afresh too early.
    """

    def __init__(self) -> None:
        self._acls: WeakSet[Acl] = WeakSet()
        self._bytes = 0

    def add(self, acl: Acl, path: str) -> None:
        """Count one more answer of ``acl``, to be kept behind this call."""
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
    """What a set of policies allows. Immutable, but for the answers that it remembers."""

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
        """Whether ``operation`` on ``path``, with the parameters ``given`` as the client sent them, is allowed.

        ``path`` is relative to the policies' namespace; a list is asked for with or without a trailing slash.
        ``wrap_ttl_seconds`` is None where the answer isn't to be wrapped; ``taken`` is how the route of the path takes
        its parameters, None where there is no route.
        """
        answer = self._answers.get((operation, path))
        if answer is None:
            answer = self._answer(operation, path)
        conditions = answer.conditions
        if conditions is None or conditions.met(operation, given, wrap_ttl_seconds, taken):
            return answer.decision
        return answer.refused

    def capabilities(self, path: str) -> list[str]:
        """The capabilities on ``path``, sorted, in the words of ``sys/capabilities``."""
        if self.root:
            return [ROOT]
        merged = self._find(path.lstrip("/"), listing=True)
        return ["deny"] if merged is None else sorted(merged.capabilities)

    def touches(self, mount_path: str) -> bool:
        """Whether anything is granted at or below ``mount_path``, which ends in ``/``: then the mount may be shown."""
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
        """The data of ``sys/internal/ui/resultant-acl``, with whole paths; rules with ``+`` have no place in it."""
        if self.root:
            return {"root": True}
        return {
            "root": False,
            "exact_paths": {namespace_path + path: _describe(merged) for path, merged in self._exact.items()},
            "glob_paths": {namespace_path + path: _describe(merged) for path, merged in self._globs.items()},
        }

    def respelt(self, key: tuple[str, str], beginning: str, spell: Callable[[Rule], Rule]) -> Acl:
        """The ACL for paths that begin with ``beginning`` and are judged in one spelling, as ``spell`` has it of rules.

        ``key`` names the spelling: where it begins, and the pattern that it is of. It is compiled once.
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
        """Work out and remember the answer, but for the conditions, which depend on more than operation and path."""
        if operation is Operation.HELP:
            return _HELP
        if self.root:
            return _ROOT
        listing = operation in _LISTS
        asked = path.lstrip("/")
        if listing and not asked.endswith("/"):
            asked += "/"
        answer = _judge(self._find(asked, listing), operation)
        if len(path) <= MAX_REMEMBERED_PATH:
            if len(self._answers) >= (MAX_REMEMBERED_FOR_ONE if self.templated else MAX_REMEMBERED):
                self._answers.clear()
            _remembered.add(self, path)
            self._answers[operation, path] = answer
        return answer

    def forget(self) -> None:
        """Drop the answers that are remembered."""
        self._answers.clear()

    def _find(self, path: str, listing: bool) -> MergedRule | None:
        """The grant that speaks for ``path``, if any."""
        merged = self._exact.get(path)
        if merged is None and listing:
            merged = self._exact.get(path.removesuffix("/"))
        if merged is None:
            merged = self._find_inexact(path)
        if merged is None and listing and path.endswith("/"):
            merged = self._find_inexact(path[:-1])
        return merged

    def _find_inexact(self, path: str) -> MergedRule | None:
        """The grant of the wildcards that match ``path``, if any."""
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
    """Compile ``policies`` as they stand at ``now``, seconds since the epoch.

    Templated paths take their values from ``fill``; without it, and where it has none, they grant nothing. The policy
    named ``root`` allows everything, whatever stands beside it. Raises what ``filled`` raises.
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


def _reaches(rule: Rule, beginning: str) -> bool:
    """Whether ``rule`` may speak of a path that begins with ``beginning``."""
    return rule.segments or rule.path.startswith(beginning) or (rule.prefix and beginning.startswith(rule.path))


def _judge(merged: MergedRule | None, operation: Operation) -> _Answer:
    if merged is None or merged.denies:
        return _NOTHING
    sudo = "sudo" in merged.capabilities
    if operation.value not in merged.capabilities:
        return _Answer(Decision(False, sudo))
    conditions = merged.conditions
    limit = conditions.pagination_limit if conditions is not None and operation in _LISTS else 0
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
