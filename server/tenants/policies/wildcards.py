"""Rules whose path has ``+`` segments: how they match, and which of several that match speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from compat.policies import Rule
from server.tenants.policies.merged_rules import Grant

Rank: TypeAlias = tuple[int, bool, int, int, str]
"""Of two rules that match a path, the one with the greater rank speaks: where its first wildcard stands, whether it
ends without ``*``, how few ``+`` it has, how long it is, and last its text, so that the order never matters."""


def rank_of_glob(prefix: str) -> Rank:
    """The rank of a rule for everything that begins with ``prefix``, without ``+``."""
    return len(prefix), False, 0, len(prefix), prefix


class WildcardRule:
    """A rule with ``+`` segments, split where it can be compared."""

    __slots__ = ("grant", "prefix", "rank", "segments")

    def __init__(self, rule: Rule, grant: Grant) -> None:
        self.segments = rule.path.split("/")
        self.prefix = rule.prefix
        self.grant = grant
        self.rank = (
            rule.path.index("+"),
            not rule.prefix,
            -self.segments.count("+"),
            len(rule.path),
            rule.path,
        )

    def match(self, segments: Sequence[str]) -> bool:
        """Whether this rule speaks of the path with these segments."""
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
