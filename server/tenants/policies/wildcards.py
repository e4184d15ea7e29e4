"""Rules whose path has ``+`` segments: matching, and choice among several matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from compat.policies.rules import Rule
from server.tenants.policies.merged_rules import MergedRule

Rank: TypeAlias = tuple[int, bool, int, int, str]
"""Rank of a rule; of two that match a path, the greater decides: the position of its first wildcard, whether it ends
without ``*``, how few ``+`` it has, its length, and last its text, so that order never matters."""


_ANY_SEGMENT: Final = "+"


def rank_of_glob(prefix: str) -> Rank:
    """The rank of a rule for everything that begins with ``prefix``, without ``+``."""
    return len(prefix), False, 0, len(prefix), prefix


class WildcardRule:
    """A rule with ``+`` segments, split for comparison."""

    __slots__ = ("merged", "prefix", "rank", "segments")

    def __init__(self, rule: Rule, merged: MergedRule) -> None:
        self.segments = rule.path.split("/")
        self.prefix = rule.prefix
        self.merged = merged
        self.rank = (
            rule.path.index("+"),
            not rule.prefix,
            -self.segments.count("+"),
            len(rule.path),
            rule.path,
        )

    def match(self, segments: Sequence[str]) -> bool:
        """Whether this rule matches the path with these segments."""
        count = len(self.segments)
        if len(segments) < count or (len(segments) > count and not self.prefix):
            return False
        last = count - 1
        for position, segment in enumerate(self.segments):
            if segment == "+" or segment == segments[position]:
                continue
            if not (self.prefix and position == last and segments[position].startswith(segment)):
                return False
        return True

    def reaches(self, segments: Sequence[str]) -> bool:
        """Whether any path below the mount with these segments could match."""
        pairs = zip(self.segments, segments, strict=False)
        for position, (segment, wanted) in enumerate(pairs):
            if segment in ("+", wanted):
                continue
            if not (self.prefix and position == len(self.segments) - 1 and wanted.startswith(segment)):
                return False
        return self.prefix or len(self.segments) > len(segments)


class WildcardRules:
    """Rules with ``+`` segments, by their first segment."""

    def __init__(self, rules: Iterable[WildcardRule]) -> None:
        self._by_first: dict[str, list[WildcardRule]] = {}
        for rule in sorted(rules, key=lambda rule: rule.rank, reverse=True):
            self._by_first.setdefault(rule.segments[0], []).append(rule)

    def find(self, path: str) -> WildcardRule | None:
        """The rule with the greatest rank that matches ``path``, if any."""
        if not self._by_first:
            return None
        segments = path.split("/")
        best: WildcardRule | None = None
        for first in (segments[0], _ANY_SEGMENT):
            found = next((rule for rule in self._by_first.get(first, ()) if rule.match(segments)), None)
            if found is not None and (best is None or found.rank > best.rank):
                best = found
        return best

    def reach(self, mount_path: str) -> bool:
        """Whether any that doesn't deny could match a path at or below ``mount_path``, which ends in ``/``."""
        if not self._by_first:
            return False
        segments = mount_path.rstrip("/").split("/")
        return any(
            not rule.merged.denies and rule.reaches(segments)
            for first in (segments[0], _ANY_SEGMENT)
            for rule in self._by_first.get(first, ())
        )
