"""Front-end of C and C++: conditions of the preprocessor that cut through syntax.

Its grammar knows ``#if`` between statements, declarations and fields. Where one cuts through a function's header, an
expression, or an ``if`` with its ``else``, the rest of the file may be misread. There, the lines of the directives are
blanked; and where the parts of a condition are alternatives for one piece of syntax, all of them but the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_MAX_OPEN = 400
"""The deepest nesting of brackets and of conditions: deeper code isn't read anyhow."""

_TOKEN = re.compile(
    rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)"  # A comment.
    rb"|//[^\n]*"
    rb'|"(?:[^"\\\n]++|\\.)*+"?'
    rb"|'(?:[^'\\\n]++|\\.)*+'?"
    rb"|^[ \t]*\#[ \t]*(?P<directive>[a-z]*)(?P<rest>(?:[^\\\n/]++|\\\r?\n|\\|/(?!\*)|/\*.*?(?:\*/|\Z))*+)"
    rb"|[()\[\]{}]"
    rb"|[^\s()\[\]{}/\"'#](?:[^()\[\]{}/\"'#\n]++|\n(?![ \t]*\#))*+"  # What is between these: only its ends matter.
    rb"|[/#]",
    re.DOTALL | re.MULTILINE,
)
_OPEN = {b"(": b")", b"[": b"]", b"{": b"}"}
_CLOSING = frozenset(_OPEN.values())
_ENDS = frozenset({b";", b"}", b"{", b":", b",", b""})
"""The last tokens of what is whole; nothing, at the beginning of a file."""

_ELSE = re.compile(rb"else\b")
_UNTAKEN = re.compile(rb"\s*0\s*(?:/[*/]|$)")


@dataclass(slots=True)
class _Part:
    """A part of a condition: where its directive and its text begin, and its first and last tokens."""

    start: int
    begin: int
    first: bytes = b""
    last: bytes = b""
    open: list[bytes] = field(default_factory=list)
    lowest: int = 0


@dataclass(slots=True)
class _Condition:
    """An open condition: the brackets and the token before it, and its parts."""

    open: list[bytes]
    last: bytes
    parts: list[_Part]


def without_cuts(source: bytes) -> bytes:
    """A file in whose conditions nothing is cut through, with the same lines and columns."""
    blanks: list[tuple[int, int]] = []
    waiting: list[_Condition] = []
    opened: list[bytes] = []
    last = b""
    for token in _TOKEN.finditer(source):
        directive = token["directive"]
        if directive is None:
            text = token[0]
            if text[:2] in (b"/*", b"//"):
                continue
            last = text.rstrip()[-1:]
            if waiting and not waiting[-1].parts[-1].first:
                waiting[-1].parts[-1].first = text
            if text in _OPEN:
                opened.append(_OPEN[text])
                if len(opened) > _MAX_OPEN:
                    return source
            elif text in _CLOSING and opened:
                opened.pop()
                if waiting:
                    waiting[-1].parts[-1].lowest = min(waiting[-1].parts[-1].lowest, len(opened))
        elif directive in (b"if", b"ifdef", b"ifndef"):
            if len(waiting) > _MAX_OPEN:
                return source
            waiting.append(_Condition(opened, last, []))
            opened, last = _begin(waiting[-1], token)
        elif directive in (b"elif", b"else", b"elifdef", b"elifndef", b"endif") and waiting:
            condition = waiting[-1]
            _end(condition, opened, last)
            if directive != b"endif":
                opened, last = _begin(condition, token)
                continue
            waiting.pop()
            kept = _cut(condition, token, source, blanks)
            opened, last = kept.open, kept.last or condition.last
            if waiting:
                waiting[-1].parts[-1].lowest = min(waiting[-1].parts[-1].lowest, kept.lowest)
    return _blanked(source, blanks)


def _begin(condition: _Condition, token: re.Match[bytes]) -> tuple[list[bytes], bytes]:
    condition.parts.append(_Part(token.start(), token.end(), lowest=len(condition.open)))
    return [*condition.open], b""


def _end(condition: _Condition, opened: list[bytes], last: bytes) -> None:
    part = condition.parts[-1]
    part.open, part.last = opened, last


def _cut(condition: _Condition, end: re.Match[bytes], source: bytes, blanks: list[tuple[int, int]]) -> _Part:
    """Note what to blank of a condition; returns the part that goes on behind it."""
    parts = condition.parts
    first = parts[0]
    if len(parts) > 1 and (not first.last or _UNTAKEN.match(source, source.find(b"if", first.start) + 2, first.begin)):
        first = parts[1]
    level = len(condition.open)
    whole = all(part.open == condition.open and part.lowest == level for part in parts)
    complete = all(part.last in _ENDS for part in parts)
    inside = bool(condition.open) and condition.open[-1] != b"}"
    goes_on = any(_ELSE.match(part.first) for part in parts)
    if whole and complete and not inside and not goes_on and condition.last in _ENDS - {b","}:
        return first
    bounds = [*(part.start for part in parts), end.start()]
    begins = [*(part.begin for part in parts), end.end()]
    blanks.extend(zip(bounds, begins, strict=True))
    listed = inside or condition.last == b"," or any(part.last == b"," for part in parts)
    if not (whole and complete) or listed:
        blanks.extend((part.begin, after) for part, after in zip(parts, bounds[1:], strict=True) if part is not first)
    return first


def _blanked(source: bytes, blanks: list[tuple[int, int]]) -> bytes:
    """The source with spaces in these ranges, but for the ends of lines."""
    if not blanks:
        return source
    made, position = [], 0
    for start, end in sorted(blanks):
        if end > position:
            start = max(start, position)
            made.append(source[position:start])
            made.append(re.sub(rb"[^\r\n]", b" ", source[start:end]))
            position = end
    made.append(source[position:])
    return b"".join(made)
