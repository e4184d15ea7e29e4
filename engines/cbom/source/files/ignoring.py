"""Patterns of ``.gitignore`` files and of ``--exclude``, with gitignore(5)'s meaning.

They are matched segment by segment without regular expressions, in time that is linear in the path for each ``*``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_PATTERNS = 5_000
"""The most patterns of one file; the rest is left out."""

_MAX_LENGTH = 1_024


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: its segments, and what it is for."""

    segments: tuple[str, ...]
    folders_only: bool
    negated: bool

    def matches(self, path: Sequence[str], *, is_folder: bool) -> bool:
        """Whether the path, in segments below the file's folder, is meant."""
        return (is_folder or not self.folders_only) and _segments_match(self.segments, path)


def read_patterns(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """The patterns of a ``.gitignore``."""
    found: list[Pattern] = []
    for line in lines:
        text = line.rstrip("\r\n")
        text = text if text.endswith("\\ ") else text.rstrip(" ")
        if not text or text.startswith("#") or len(text) > _MAX_LENGTH:
            continue
        negated = text.startswith("!")
        text = text[1:] if negated else text.removeprefix("\\") if text[:2] in ("\\#", "\\!") else text
        folders_only = text.endswith("/")
        text = text.rstrip("/")
        segments = tuple(text.lstrip("/").split("/"))
        if "/" not in text:
            segments = ("**", *segments)
        if text and len(found) < MAX_PATTERNS:
            found.append(Pattern(segments, folders_only, negated))
    return tuple(found)


def is_ignored(layers: Sequence[tuple[int, Sequence[Pattern]]], path: Sequence[str], *, is_folder: bool) -> bool:
    """Whether the last pattern that matches excludes ``path``. A layer has the depth of its file's folder."""
    for depth, patterns in reversed(layers):
        below = path[depth:]
        for pattern in reversed(patterns):
            if pattern.matches(below, is_folder=is_folder):
                return not pattern.negated
    return False


def _segments_match(patterns: Sequence[str], path: Sequence[str]) -> bool:
    """``**`` stands for any number of segments; the last ``**`` that was met is where matching is taken up again."""
    at = position = 0
    again: tuple[int, int] | None = None
    while position < len(path):
        if at < len(patterns) and patterns[at] == "**":
            if at == len(patterns) - 1:
                return True
            again = (at + 1, position)
            at += 1
        elif at < len(patterns) and name_matches(patterns[at], path[position]):
            at += 1
            position += 1
        elif again is not None:
            at, position = again[0], again[1] + 1
            again = (at, position)
        else:
            return False
    return at == len(patterns)


def name_matches(pattern: str, name: str) -> bool:
    """Whether a name matches ``*``, ``?``, ``[a-z]`` and plain characters."""
    at = position = 0
    star: tuple[int, int] | None = None
    while position < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star = (at + 1, position)
            at += 1
            continue
        step = _one(pattern, at, name[position]) if at < len(pattern) else 0
        if step:
            at += step
            position += 1
        elif star is not None:
            at, position = star[0], star[1] + 1
            star = (at, position)
        else:
            return False
    return pattern[at:].strip("*") == ""


def _one(pattern: str, at: int, character: str) -> int:
    """The length of the pattern's piece at ``at`` if it matches ``character``, else 0."""
    first = pattern[at]
    if first == "?":
        return 1
    if first == "\\" and at + 1 < len(pattern):
        return 2 if pattern[at + 1] == character else 0
    end = pattern.find("]", at + 2) if first == "[" else -1
    if end < 0:
        return 1 if first == character else 0
    chosen = pattern[at + 1 : end]
    inverted = chosen[:1] in ("!", "^")
    return end - at + 1 if _in_class(chosen[1:] if inverted else chosen, character) != inverted else 0


def _in_class(chosen: str, character: str) -> bool:
    position = 0
    while position < len(chosen):
        if position + 2 < len(chosen) and chosen[position + 1] == "-":
            if chosen[position] <= character <= chosen[position + 2]:
                return True
            position += 3
        elif chosen[position] == character:
            return True
        else:
            position += 1
    return False
