"""Suppressions in comments: ``cryptoserve: ignore[weak-hash] reason``, on a result's line or lines above it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_COMMENT = re.compile(rb"(?:#|//|/\*|<!--|--)[ \t]*cryptoserve: ignore\[([a-z, -]{1,200})\]([^\n]{0,500})")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment. Without a reason it suppresses nothing."""

    line: int
    findings: frozenset[str]
    reason: str
    covered: int
    """The line that it is for: its own, or the next without such a comment if its own has nothing else."""

    def covers(self, finding: str, line: int) -> bool:
        """Whether a result is meant."""
        return bool(self.reason) and finding in self.findings and line == self.covered


def suppressions_in(content: bytes) -> list[Suppression]:
    """The suppressions of a file, in order."""
    found: list[Suppression] = []
    line = position = 0
    for match in _COMMENT.finditer(content):
        line += content.count(b"\n", position, match.start())
        position = match.start()
        before = content[content.rfind(b"\n", 0, position) + 1 : position]
        findings = frozenset(word.strip() for word in match[1].decode().split(","))
        reason = match[2].decode("utf-8", "replace").strip().removesuffix("*/").removesuffix("-->").strip()
        found.append(Suppression(line + 1, findings, reason, line + 1 + (not before.strip())))
    for place in range(len(found) - 2, -1, -1):
        if found[place].covered == found[place + 1].line:
            found[place] = replace(found[place], covered=found[place + 1].covered)
    return found


def reason_for(found: list[Suppression], finding: str, line: int) -> str:
    """The reason why a result is suppressed; "" if it isn't."""
    return next((each.reason for each in found if each.covers(finding, line)), "")


def counts(found: Mapping[str, list[Suppression]]) -> tuple[int, int]:
    """The numbers of suppressions with a reason, and of those without."""
    every = [each for file in found.values() for each in file]
    with_reason = sum(bool(each.reason) for each in every)
    return with_reason, len(every) - with_reason
