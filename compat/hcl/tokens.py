"""The tokens of HCL 1: text in, typed tokens with their positions out.

Strings are not regular in HCL (a quote inside ``${...}`` doesn't end one), and neither are heredocs, so those two are
read by functions; all else is one regular expression.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NoReturn

from msgspec import Struct

from compat.hcl.tree import HclError, Position

MAX_TEXT_CHARACTERS = 1024 * 1024
"""The longest text that is read at all."""

_INT64_DIGITS = 20
_SIMPLE = re.compile(
    r"""
      (?P<blank>(?:[ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*.*?\*/)++)
    | (?P<IDENT>[^\W\d][\w.-]*)
    | (?P<NUMBER>-?(?:0[xX][0-9a-fA-F]* | [0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]*)?))
    | (?P<heredoc><<-?(?P<anchor>[^\W\d]\w*)\r?\n)
    | (?P<symbol>[\[\]{},=+-])
    """,
    re.VERBOSE | re.DOTALL,
)
_SYMBOLS = {
    "[": "LBRACK",
    "]": "RBRACK",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "COMMA",
    "=": "ASSIGN",
    "+": "ADD",
    "-": "SUB",
}
_LETTER_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"',
}  # fmt: skip
_STRING_STOP = re.compile(r'["\\\n\x00]|\$\{')
_INTERPOLATION_STOP = re.compile(r"[{}\x00]")
_CODE_ESCAPE = re.compile(r"[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}")


class Token(Struct, frozen=True, gc=False):
    """A token; ``value`` is the unescaped text of a string, or the number of a number."""

    kind: str
    text: str
    value: str | int | float | bool
    position: Position


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text``, blanks and comments left out, the last one an ``EOF``. Raises ``HclError``."""
    lines = LineCounter(text)
    offset = 0
    while offset < len(text):
        character = text[offset]
        if character == '"':
            value, end = _string(text, offset, lines)
            yield Token("STRING", text[offset:end], value, lines.at(offset))
            offset = end
            continue
        kind = _SYMBOLS.get(character)
        if kind is not None and character != "-":
            yield Token(kind, character, character, lines.at(offset))
            offset += 1
            continue
        match = _SIMPLE.match(text, offset)
        if match is None:
            _no_token(text, offset, lines)
        end = match.end()
        kind = match.lastgroup
        if kind == "heredoc":
            value, end = _heredoc(text, match, lines)
            yield Token("HEREDOC", text[offset:end], value, lines.at(offset))
        elif kind != "blank":
            yield _simple_token(match, lines)
        offset = end
    yield Token("EOF", "", "", lines.at(len(text)))


class LineCounter:
    """Turns offsets, asked for in rising order, into positions."""

    __slots__ = ("_line", "_seen", "_start", "_text")

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT_CHARACTERS:
            raise HclError(f"text of {len(text)} characters is over the limit of {MAX_TEXT_CHARACTERS}", 1, 1)
        self._text = text
        self._line = 1
        self._start = 0
        self._seen = 0
        """Up to where newlines were looked for: a long line must not be gone through for each of its tokens."""

    def at(self, offset: int) -> Position:
        """The position of ``offset``, which isn't smaller than the last one asked for."""
        while (newline := self._text.find("\n", self._seen, offset)) >= 0:
            self._line += 1
            self._start = self._seen = newline + 1
        self._seen = max(self._seen, offset)
        return Position(self._line, offset - self._start + 1)

    def fail(self, message: str, offset: int) -> NoReturn:
        """Raise ``HclError`` at ``offset``."""
        position = self.at(offset)
        raise HclError(message, position.line, position.column)


def _no_token(text: str, offset: int, lines: LineCounter) -> NoReturn:
    character = text[offset]
    if text.startswith("/*", offset):
        lines.fail("comment not terminated", len(text))
    if character == "/":
        lines.fail("expected '/' for comment", offset)
    if character == "<":
        lines.fail("heredoc expected second '<', didn't see it, or its anchor is not a word on a line", offset)
    if character == "\x00":
        lines.fail("unexpected null character (0x00)", offset)
    lines.fail("illegal character", offset)


def _simple_token(match: re.Match[str], lines: LineCounter) -> Token:
    position = lines.at(match.start())
    text = match.group()
    if match.lastgroup == "symbol":
        return Token(_SYMBOLS[text], text, text, position)
    if match.lastgroup == "IDENT":
        if text in ("true", "false"):
            return Token("BOOL", text, text == "true", position)
        return Token("IDENT", text, text, position)
    try:
        value = _number(text)
    except ValueError as error:
        raise HclError(str(error), position.line, position.column) from None
    return Token("FLOAT" if isinstance(value, float) else "NUMBER", text, value, position)


def _number(text: str) -> int | float:
    digits = text.removeprefix("-")
    sign = -1 if digits != text else 1
    if digits[:2] in ("0x", "0X"):
        if len(digits) == 2 or len(digits) > 18:
            raise ValueError("illegal hexadecimal number")
        value = int(digits, 16)
    elif digits.isdigit():
        octal = len(digits) > 1 and digits[0] == "0"
        if octal and not set(digits) <= set("01234567"):
            raise ValueError("illegal octal number")
        if len(digits.lstrip("0")) > _INT64_DIGITS + 2:
            raise ValueError("number out of range")
        value = int(digits.lstrip("0") or "0", 8 if octal else 10)
    else:
        if digits[-1] not in "0123456789.":
            raise ValueError("number without the digits of its exponent")
        number = float(digits)
        if math.isinf(number):
            raise ValueError("number out of range")
        return sign * number
    if not -(2**63) <= sign * value < 2**63:
        raise ValueError("number out of range")
    return sign * value


def _string(text: str, start: int, lines: LineCounter) -> tuple[str, int]:
    """The value of the string that begins at ``start``, and where it ends."""
    parts: list[str] = []
    offset = start + 1
    while True:
        stop = _STRING_STOP.search(text, offset)
        if stop is None:
            lines.fail("literal not terminated", len(text))
        parts.append(text[offset : stop.start()])
        offset = stop.end()
        found = stop.group()
        if found == '"':
            return "".join(parts), offset
        if found == "${":
            offset = _interpolation_end(text, stop.start(), lines)
            parts.append(text[stop.start() : offset])
        elif found == "\\":
            character, offset = _escape(text, offset, lines)
            parts.append(character)
        elif found == "\x00":
            lines.fail("unexpected null character (0x00)", stop.start())
        else:
            lines.fail("literal not terminated", stop.start())


def _interpolation_end(text: str, start: int, lines: LineCounter) -> int:
    """The end of the ``${...}`` that begins at ``start``; braces nest in it, all else is taken literally."""
    depth = 1
    offset = start + 2
    while depth:
        stop = _INTERPOLATION_STOP.search(text, offset)
        if stop is None:
            lines.fail("literal not terminated", len(text))
        if stop.group() == "\x00":
            lines.fail("unexpected null character (0x00)", stop.start())
        depth += 1 if stop.group() == "{" else -1
        offset = stop.end()
    return offset


def _escape(text: str, offset: int, lines: LineCounter) -> tuple[str, int]:
    """The character that the escape behind the backslash before ``offset`` stands for, and where it ends."""
    letter = _LETTER_ESCAPES.get(text[offset : offset + 1])
    if letter is not None:
        return letter, offset + 1
    match = _CODE_ESCAPE.match(text, offset)
    if match is None:
        lines.fail("illegal char escape", offset)
    digits = match.group()
    code = int(digits, 8) if digits[0].isdigit() else int(digits[1:], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        lines.fail("illegal char escape", offset)
    return chr(code), match.end()


def _heredoc(text: str, match: re.Match[str], lines: LineCounter) -> tuple[str, int]:
    """The value of a heredoc and where it ends: at its anchor, on a line with nothing else but leading blanks."""
    start, anchor = match.end(), match.group("anchor")
    found = _anchor_line(text, start, anchor)
    if found is None:
        lines.fail("heredoc not terminated", len(text))
    first, last = found
    content = text[start:first]
    if "\x00" in content:
        lines.fail("unexpected null character (0x00)", start + content.index("\x00"))
    if match.group().startswith("<<-"):
        content = _without_indent(content, text.index(anchor, first) - first)
    return content, last


def _anchor_line(text: str, start: int, anchor: str) -> tuple[int, int] | None:
    """Beginning and end of the first line from ``start`` on that is just ``anchor``; None if there is none.

    Each line is looked at once, and those without the anchor in them not at all.
    """
    while (found := text.find(anchor, start)) >= 0:
        first = text.rfind("\n", start, found) + 1 or start
        end = text.find("\n", found)
        last = len(text) if end < 0 else end
        if text[first:last].lstrip(" \t").removesuffix("\r") == anchor:
            return first, last
        start = last + 1
    return None


def _without_indent(content: str, indent: int) -> str:
    """``content`` with ``indent`` blanks taken from each line, or as it is where some line has fewer."""
    rows = content.split("\n")
    blanks = "".join(row[:indent] for row in rows if row)
    if blanks.strip(" \t"):
        return content
    return "\n".join(row[indent:] for row in rows)
