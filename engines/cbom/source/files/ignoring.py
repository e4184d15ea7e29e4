"""Patterns of ``.gitignore`` files and of ``--exclude``, with the meaning that git's own matcher gives them.

Names are compared byte by byte, as git does it; texts here have a character for each byte. A name is tried with those
patterns only whose last part it can match: by its whole, by its end, or those that have to be tried, which are bounded.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

MAX_PATTERNS = 5_000
"""The most patterns of one file; the rest is left out."""

MAX_TRIED = 500
"""The most patterns of all layers that have to be tried for each name."""

_MAX_LENGTH = 1_024
_SPECIAL = re.compile(r"[*?\[\\]")
_CLASSES = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": " \t".__contains__,
    "cntrl": lambda character: character < " " or character == "\x7f",
    "digit": str.isdigit,
    "graph": lambda character: " " < character < "\x7f",
    "lower": str.islower,
    "print": lambda character: " " <= character < "\x7f",
    "punct": lambda character: " " < character < "\x7f" and not character.isalnum(),
    "space": " \t\n\v\f\r".__contains__,
    "upper": str.isupper,
    "xdigit": "0123456789abcdefABCDEF".__contains__,
}

Segment: TypeAlias = str | re.Pattern[str] | None
"""A name, a pattern of names, or any number of segments (``**``)."""


class _Never(Exception):
    """A pattern that matches nothing, such as one with an open bracket."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: its segments, and what it is for."""

    segments: tuple[Segment, ...]
    folders_only: bool
    negated: bool
    ending: str = ""
    """The end of the last segment if that is a star and a text."""

    def matches(self, path: Sequence[str], *, is_folder: bool) -> bool:
        """Whether the path, in segments below the file's folder, is meant."""
        return (is_folder or not self.folders_only) and _segments_match(self.segments, path)


@dataclass(slots=True)
class Patterns:
    """The patterns of one file, by what they ask of the last segment of a path."""

    patterns: tuple[Pattern, ...] = ()
    tried: list[int] = field(default_factory=list)
    """Positions of the patterns to try for each name, the last first."""

    names: re.Pattern[str] | None = None
    """What the others of them take, all at once; None without any, or with too many."""

    _by_name: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_ending: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _lengths: frozenset[int] = frozenset()
    _open: list[int] = field(default_factory=list)
    """Those of ``tried`` that end in ``**``: they take any name."""

    def __post_init__(self) -> None:
        for place, pattern in reversed(tuple(enumerate(self.patterns))):
            last = pattern.segments[-1]
            if isinstance(last, str):
                self._by_name[last].append(place)
            elif pattern.ending:
                self._by_ending[pattern.ending].append(place)
            else:
                self.tried.append(place)
        self._lengths = frozenset(map(len, self._by_ending))
        self._open = [place for place in self.tried if self.patterns[place].segments[-1] is None]
        endings = (self.patterns[place].segments[-1] for place in self.tried)
        expressions = [segment.pattern for segment in endings if isinstance(segment, re.Pattern)]
        self.names = re.compile("|".join(expressions), re.DOTALL) if 0 < len(expressions) <= MAX_TRIED else None

    def decides(self, path: Sequence[str], *, is_folder: bool) -> bool | None:
        """Whether the last pattern that matches excludes ``path``; None if none matches."""
        name, found = path[-1], -1
        is_tried = self.names is None or self.names.fullmatch(name)
        candidates = [self._by_name.get(name, ()), self.tried if is_tried else self._open]
        candidates += [self._by_ending.get(name[-length:], ()) for length in self._lengths if length <= len(name)]
        for places in candidates:
            for place in places:
                if place < found:
                    break
                if self.patterns[place].matches(path, is_folder=is_folder):
                    found = place
                    break
        return None if found < 0 else not self.patterns[found].negated


def read_patterns(lines: Iterable[str]) -> Patterns:
    """The patterns of a ``.gitignore``."""
    found: list[Pattern] = []
    for line in lines:
        text = _without_blanks(line.removesuffix("\n").removesuffix("\r"))
        if not text or text.startswith("#") or len(text) > _MAX_LENGTH or len(found) == MAX_PATTERNS:
            continue
        negated = text.startswith("!")
        text = bytes_of(text[negated:])
        folders_only = text.endswith("/")
        text = text.removesuffix("/")
        if not text:
            continue
        try:
            segments = tuple(_segments(text.removeprefix("/")))
        except _Never:
            continue
        if len(segments) == 1 and not text.startswith("/"):
            segments = (None, *segments)
        ending = text.rpartition("/")[2].removeprefix("*")
        is_ending = text.endswith(f"*{ending}") and not _SPECIAL.search(ending)
        found.append(Pattern(segments, folders_only, negated, ending if is_ending else ""))
    return Patterns(tuple(found))


def bytes_of(name: str) -> str:
    """A name with a character for each byte."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def is_ignored(layers: Sequence[tuple[int, Patterns]], path: Sequence[str], *, is_folder: bool) -> bool:
    """Whether the last pattern that matches excludes ``path``, a list of ``bytes_of`` names.

    A layer has the depth of its file's folder.
    """
    for depth, patterns in reversed(layers):
        decided = patterns.decides(path[depth:], is_folder=is_folder)
        if decided is not None:
            return decided
    return False


def _without_blanks(text: str) -> str:
    """The text without blanks at its end, but for one behind a backslash."""
    end = len(text.rstrip(" "))
    backslashes = end - len(text[:end].rstrip("\\"))
    return text[: end + backslashes % 2]


def _segments_match(patterns: Sequence[Segment], path: Sequence[str]) -> bool:
    """The last ``**`` that was met is where matching is taken up again."""
    at = position = 0
    again: tuple[int, int] | None = None
    while position < len(path):
        if at < len(patterns) and patterns[at] is None:
            if at == len(patterns) - 1:
                return True
            again = (at + 1, position)
            at += 1
        elif at < len(patterns) and _name_matches(patterns[at], path[position]):
            at += 1
            position += 1
        elif again is not None:
            at, position = again[0], again[1] + 1
            again = (at, position)
        else:
            return False
    return at == len(patterns)


def _name_matches(segment: Segment, name: str) -> bool:
    return segment == name if isinstance(segment, str) else segment is None or segment.fullmatch(name) is not None


def _segments(text: str) -> Iterator[Segment]:
    """The parts of a pattern between slashes that stand in no bracket. Raises ``_Never``."""
    if not _SPECIAL.search(text):
        yield from text.split("/")
        return
    start = at = 0
    while at <= len(text):
        if at == len(text) or text[at] == "/":
            yield _segment(text[start:at])
            start = at + 1
        at = _end_of_bracket(text, at) if text[at : at + 1] == "[" else at + (2 if text[at : at + 1] == "\\" else 1)
    if start <= len(text):
        raise _Never


def _end_of_bracket(text: str, start: int) -> int:
    """The place behind a bracket that begins at ``start``. Raises ``_Never``."""
    at = start + 1 + (text[start + 1 : start + 2] in ("!", "^"))
    first = at
    while at < len(text):
        if text[at] == "]" and at > first:
            return at + 1
        if text.startswith("[:", at) and (end := text.find("]", at + 2)) > 0 and text[end - 1] == ":":
            at = end + 1
        else:
            at += 2 if text[at] == "\\" else 1
    raise _Never


@lru_cache(maxsize=16_384)
def _segment(text: str) -> Segment:
    """One part of a pattern. Stars are matched without taking back what was matched before them."""
    if not _SPECIAL.search(text):
        return text
    if len(text) > 1 and not text.strip("*"):
        return None
    chunks = [""]
    at = 0
    while at < len(text):
        character, end = text[at], at + 1
        if character == "*":
            if chunks[-1] or len(chunks) == 1:
                chunks.append("")
        elif character == "?":
            chunks[-1] += "."
        elif character == "[":
            end = _end_of_bracket(text, at)
            chunks[-1] += _bracket(text[at + 1 : end - 1])
        else:
            end += character == "\\"
            if end > len(text):
                raise _Never
            chunks[-1] += re.escape(text[end - 1])
        at = end
    first, *others = chunks
    middle = "".join(f"(?>.*?{chunk})" for chunk in others[:-1])
    return re.compile(f"{first}{middle}{f'.*{others[-1]}' if others else ''}", re.DOTALL)


def _bracket(chosen: str) -> str:
    """A class of characters, as ``re`` writes it."""
    inverted = chosen[:1] in ("!", "^")
    characters = set(_chosen(chosen[inverted:]))
    if not characters:
        return "." if inverted else r"(?!)"
    return f"[{'^' if inverted else ''}{''.join(map(re.escape, sorted(characters)))}]"


def _chosen(text: str) -> Iterator[str]:
    """The characters that a bracket names. Raises ``_Never``."""
    at, previous = 0, ""
    while at < len(text):
        if text.startswith("[:", at) and (end := text.find("]", at + 2)) > 0 and text[end - 1] == ":":
            if (member := _CLASSES.get(text[at + 2 : end - 1])) is None:
                raise _Never
            yield from filter(member, map(chr, range(128)))
            at, previous = end + 1, ""
        elif text[at] == "-" and previous and at + 1 < len(text):
            at += 1 + (text[at + 1] == "\\" and at + 2 < len(text))
            yield from map(chr, range(ord(previous), ord(text[at]) + 1))
            at, previous = at + 1, ""
        else:
            at += text[at] == "\\" and at + 1 < len(text)
            previous = text[at]
            yield previous
            at += 1
