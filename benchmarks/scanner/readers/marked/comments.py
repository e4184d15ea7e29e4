"""Files in which a comment marks each line that a rule must report: ``Noncompliant``, with ``@+1`` for another line.

Lines with ``Compliant`` or ``OK`` instead are sound. Nothing is read from lines marked as known errors of the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Place
from benchmarks.scanner.statements import statement_end

_COMMENT = re.compile(r"(?:#|//)\s*(?P<text>.*)$")
_WEAK = re.compile(r"Noncompliant\b(?:@(?P<offset>[+-]\d+))?")
_SOUND = re.compile(r"(?:Compliant|OK)\b", re.IGNORECASE)
_KNOWN_ERROR = re.compile(r"\bF[NP]\b|false.(?:negative|positive)|limitation", re.IGNORECASE)


def marked_lines(path: Path) -> Iterator[tuple[Place, bool, str]]:
    """The marked statements of a file, whether each is weak, and its comment."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        comment = _COMMENT.search(line)
        if comment is None or _KNOWN_ERROR.search(comment["text"]):
            continue
        weak = _WEAK.match(comment["text"])
        if weak is None and _SOUND.match(comment["text"]) is None:
            continue
        first = number + int(weak["offset"] or 0) if weak else number
        yield Place(path, first, statement_end(lines, first)), weak is not None, comment["text"]


_SAID_OF_WEAK_ALONE = frozenset({"unauthenticated-mode"})
"""Classes that count for weak places alone: what is marked as sound may be of the class all the same."""


def marked_cases(path: Path, accepted: tuple[str, ...]) -> Iterator[Case]:
    """A case for each marked statement: that one of ``accepted`` is right there, or wrong."""
    for place, weak, _ in marked_lines(path):
        yield Case(accepted[0], weak, (place,), judged(accepted, weak=weak))


def judged(accepted: tuple[str, ...], *, weak: bool) -> frozenset[str]:
    """The classes that count for a place."""
    return frozenset(accepted) - (frozenset() if weak else _SAID_OF_WEAK_ALONE)
