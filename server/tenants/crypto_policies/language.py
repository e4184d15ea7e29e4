"""Bounds of the expression language, checked on the text before the library parses it.

CEL bounds iterations, but not the cost of one: ``['aa'].map(x, x + x).map(x, x + x)...`` doubles a string with each
call, and every ``matches`` compiles its pattern anew. So functions are listed here, comprehensions are counted, and
patterns must be literals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from server.tenants.crypto_policies.variables import VARIABLES

MAX_BYTES = 4096
"""The longest expression, in bytes of UTF-8."""

MAX_DEPTH = 32
"""The deepest nesting of parentheses, brackets and braces."""

MAX_COMPREHENSIONS = 8
"""The most ``all``, ``exists``, ``exists_one`` and ``filter`` in one expression, ..."""

MAX_NESTED = 2
"""... and their deepest nesting."""

MAX_PATTERNS = 4
"""The most ``matches`` in one expression, ..."""

MAX_PATTERN_CHARACTERS = 256
"""... and the longest pattern, in characters."""

COMPREHENSIONS = frozenset({"all", "exists", "exists_one", "filter"})
FUNCTIONS = COMPREHENSIONS | {
    "bool",
    "contains",
    "double",
    "duration",
    "endsWith",
    "has",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
}
"""The functions that may be called."""

_OPEN, _CLOSE = "([{", ")]}"
_WORDS = frozenset({"in", "true", "false", "null"})
_PREFIXES = frozenset({"r", "b", "br"})


class ExpressionError(Exception):
    """An invalid expression. ``place`` is line and column, both from 1, as ``1:5``."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")


class _Token(NamedTuple):
    kind: str
    """``name``, ``string``, or the character itself."""

    text: str
    position: int


@dataclass(slots=True)
class _Group:
    """An open parenthesis; ``function`` is the function called with it, ``""`` for none."""

    function: str
    position: int


def variables_of(text: str) -> tuple[str, ...]:
    """Check ``text``, and return the variables in it, in order. Raises ``ExpressionError``."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ExpressionError(place_in(text, error.start), "is not Unicode text") from None
    if size > MAX_BYTES:
        raise ExpressionError("1:1", f"an expression is at most {MAX_BYTES} bytes long")
    tokens = _tokens(text)
    _check_calls(text, tokens)
    return _named(tokens)


def place_in(text: str, position: int) -> str:
    """Line and column of a position, both from 1."""
    before = text[:position]
    return f"{before.count(chr(10)) + 1}:{position - before.rfind(chr(10))}"


def _named(tokens: list[_Token]) -> tuple[str, ...]:
    named = {token.text for token in tokens if token.kind == "name"}
    for first, dot, second in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if first.kind == "name" and dot.kind == "." and second.kind == "name":
            named.add(f"{first.text}.{second.text}")
    return tuple(name for name in VARIABLES if name in named)


def _check_calls(text: str, tokens: list[_Token]) -> None:
    groups: list[_Group] = []
    comprehensions = patterns = 0
    for index, token in enumerate(tokens):
        if token.kind in _CLOSE:
            if groups:
                groups.pop()
            continue
        if token.kind not in _OPEN:
            continue
        before = tokens[index - 1] if index else None
        name = before.text if before is not None and before.kind == "name" and before.text not in _WORDS else ""
        position = token.position if before is None or not name else before.position
        if token.kind == "{" and name:
            raise ExpressionError(place_in(text, position), f"{name!r} can't be made here: there are no messages")
        function = name if token.kind == "(" else ""
        if function and function not in FUNCTIONS:
            raise ExpressionError(place_in(text, position), f"there is no function {function!r} here")
        groups.append(_Group(function, position))
        if len(groups) > MAX_DEPTH:
            raise ExpressionError(place_in(text, token.position), f"parentheses are nested more than {MAX_DEPTH} deep")
        nested = sum(group.function in COMPREHENSIONS for group in groups)
        comprehensions += function in COMPREHENSIONS
        if nested > MAX_NESTED or comprehensions > MAX_COMPREHENSIONS:
            raise ExpressionError(
                place_in(text, position),
                f"an expression has at most {MAX_COMPREHENSIONS} of {', '.join(sorted(COMPREHENSIONS))}, "
                f"and at most {MAX_NESTED} in each other",
            )
        if function == "matches":
            patterns += 1
            _check_pattern(text, tokens[index + 1 : index + 3], position, nested, patterns)


def _check_pattern(text: str, arguments: list[_Token], position: int, nested: int, patterns: int) -> None:
    """Raise unless ``matches`` is a method with one literal as its pattern, and isn't repeated."""
    literal = len(arguments) == 2 and arguments[0].kind == "string" and arguments[1].kind == ")"
    if not literal or len(arguments[0].text) > MAX_PATTERN_CHARACTERS:
        raise ExpressionError(
            place_in(text, position),
            f"text.matches('...') takes one literal of at most {MAX_PATTERN_CHARACTERS} characters",
        )
    if nested or patterns > MAX_PATTERNS:
        raise ExpressionError(
            place_in(text, position),
            f"an expression has at most {MAX_PATTERNS} matches, and none within {', '.join(sorted(COMPREHENSIONS))}",
        )


def _tokens(text: str) -> list[_Token]:
    """The tokens of ``text``, without blanks and comments; numbers and operators as single characters."""
    found: list[_Token] = []
    position = 0
    while position < len(text):
        letter = text[position]
        if letter in " \t\r\n\f":
            position += 1
        elif text.startswith("//", position):
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif letter in "'\"":
            end = _string_end(text, position, raw=False)
            found.append(_Token("string", text[position:end], position))
            position = end
        elif letter.isascii() and (letter.isalnum() or letter == "_"):
            end = position
            while end < len(text) and text[end].isascii() and (text[end].isalnum() or text[end] == "_"):
                end += 1
            word = text[position:end]
            if end < len(text) and text[end] in "'\"" and word.lower() in _PREFIXES:
                end = _string_end(text, end, raw="r" in word.lower())
                found.append(_Token("string", text[position:end], position))
            else:
                found.append(_Token("0" if word[0].isdigit() else "name", word, position))
            position = end
        elif letter.isascii() and letter.isprintable() and letter != "`":
            found.append(_Token(letter, letter, position))
            position += 1
        else:
            raise ExpressionError(place_in(text, position), f"unexpected character U+{ord(letter):04X}")
    return found


def _string_end(text: str, start: int, *, raw: bool) -> int:
    """The position behind the string whose quote stands at ``start``. Raises ``ExpressionError``."""
    quote = text[start]
    closing = quote * 3 if text.startswith(quote * 3, start) else quote
    position = start + len(closing)
    while position < len(text):
        if text.startswith(closing, position):
            return position + len(closing)
        if text[position] in "\r\n" and len(closing) == 1:
            break
        position += 2 if text[position] == "\\" and not raw else 1
    raise ExpressionError(place_in(text, start), "the string has no end")
