"""JSON read into the tree of HCL, for configuration and policies that are written in JSON.

The standard library's reader doesn't report positions, which errors in a configuration should name.
"""

from __future__ import annotations

import math
import re
from json import JSONDecodeError, loads
from typing import NoReturn

from compat.hcl.tokens import LineCounter
from compat.hcl.tree import Attribute, Block, Body, HclError, Position, Scalar, Sequence, Value, check_depth

_JSON_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<string>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")"""
    r"""|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"""
    r"""|(?P<word>true|false|null)|(?P<symbol>[\[\]{},:]))"""
)
_MAX_NUMBER_CHARACTERS = 400


def read(text: str) -> Body:
    """The tree of a JSON document that is one object. Raises ``HclError``."""
    return _Reader(text).document()


class _Reader:
    """One token at a time: its kind, its text and its position."""

    __slots__ = ("_kind", "_lines", "_offset", "_position", "_text", "_word")

    def __init__(self, text: str) -> None:
        self._lines = LineCounter(text)
        self._text = text
        self._offset = 0
        self._kind = self._word = ""
        self._position = Position(1, 1)
        self._advance()

    def document(self) -> Body:
        body = self._value(0)
        if not isinstance(body, Body) or self._kind != "end":
            self._fail("unexpected text behind the JSON object")
        return body

    def _advance(self) -> None:
        match = _JSON_TOKEN.match(self._text, self._offset)
        if match is not None:
            self._kind = match.lastgroup or ""
            self._word = match.group(self._kind)
            self._offset = match.end()
            self._position = self._lines.at(match.start(self._kind))
            return
        rest = self._text[self._offset :].lstrip(" \t\r\n")
        self._position = self._lines.at(len(self._text) - len(rest))
        if rest:
            self._fail("not a JSON value")
        self._kind, self._word = "end", "the end of the text"

    def _fail(self, message: str) -> NoReturn:
        raise HclError(message, self._position.line, self._position.column)

    def _expect(self, symbol: str) -> None:
        if self._word != symbol or self._kind != "symbol":
            self._fail(f"expected '{symbol}', got {self._word}")
        self._advance()

    def _value(self, depth: int) -> Value:
        position, kind, word = self._position, self._kind, self._word
        check_depth(depth, position)
        if kind == "symbol" and word == "{":
            return self._object(depth, position)
        if kind == "symbol" and word == "[":
            return self._array(depth, position)
        if kind in ("symbol", "end"):
            self._fail(f"expected a JSON value, got {word}")
        value = self._scalar()
        self._advance()
        return Scalar(value, position)

    def _scalar(self) -> str | int | float | bool | None:
        if self._kind == "number" and len(self._word) > _MAX_NUMBER_CHARACTERS:
            self._fail("number out of range")
        try:
            value = loads(self._word)
        except JSONDecodeError:
            self._fail("illegal escape in a JSON string")
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, float) and math.isinf(value):
            self._fail("number out of range")
        return value  # type: ignore[no-any-return]  # Null, a boolean or a number.

    def _object(self, depth: int, position: Position) -> Body:
        self._advance()
        items: list[Attribute | Block] = []
        while not (self._kind == "symbol" and self._word == "}"):
            if items:
                self._expect(",")
            if self._kind != "string":
                self._fail(f"expected a name in quotes, got {self._word}")
            place, name = self._position, str(self._scalar())
            self._advance()
            self._expect(":")
            items.append(Attribute(name, self._value(depth + 1), place))
        self._advance()
        return Body(tuple(items), position)

    def _array(self, depth: int, position: Position) -> Sequence:
        self._advance()
        items: list[Value] = []
        while not (self._kind == "symbol" and self._word == "]"):
            if items:
                self._expect(",")
            items.append(self._value(depth + 1))
        self._advance()
        return Sequence(tuple(items), position)
