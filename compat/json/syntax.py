"""Syntax errors of JSON in the words of Go's encoding/json, which clients see and tests pin.

This runs only after a fast parser has refused the text, or to check what follows a document.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from compat.quoting import quote, quote_character

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING_STOP = re.compile(r'["\\\x00-\x1f]')
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_DIGITS = re.compile(r"[0-9]*")
_VALUE_STARTS = '{["-0123456789tfn'
_LITERALS = {"t": "true", "f": "false", "n": "null"}


class JsonSyntaxError(ValueError):
    """The text is no JSON; ``str()`` is the error of encoding/json."""


def find_error(text: str, max_depth: int) -> None:
    """Raise ``JsonSyntaxError`` for the first mistake in ``text``; lone surrogates are bytes that aren't UTF-8."""
    _Scanner(text, 0, max_depth).document()


def check_rest(text: str, offset: int) -> None:
    """Check what follows a document that ends at ``offset``: nothing, or the beginning of another document.

    Vault reads one token further, and the start of the next. Raises ``JsonSyntaxError``.
    """
    _Scanner(text, offset, 0).rest()


class _Scanner:
    __slots__ = ("_max_depth", "_offset", "_text")

    def __init__(self, text: str, offset: int, max_depth: int) -> None:
        self._text = text
        self._offset = offset
        self._max_depth = max_depth

    def document(self) -> None:
        """One value, without recursion: ``open_`` holds the brackets that are open."""
        open_: list[str] = []
        self._value(open_)
        while open_:
            self._after_value(open_)
        self.rest()

    def rest(self) -> None:
        character = self._peek()
        if not character:
            return
        if character in "{[":
            self._offset += 1
            allowed = _VALUE_STARTS + ("}" if character == "{" else "]")
        else:
            self._scalar()
            allowed = _VALUE_STARTS
        following = self._peek()
        if following and following not in allowed:
            self._fail("looking for beginning of value")

    def _peek(self) -> str:
        """The next character that isn't blank, or ``""`` at the end."""
        match = _BLANK.match(self._text, self._offset)
        self._offset = match.end() if match else self._offset
        return self._text[self._offset : self._offset + 1]

    def _value(self, open_: list[str]) -> None:
        """A scalar, or the beginning of an object (with its first name) or array, as far as the value in it."""
        while True:
            character = self._peek()
            if not character or character not in "{[":
                self._scalar()
                return
            self._offset += 1
            open_.append(character)
            if len(open_) > self._max_depth:
                raise JsonSyntaxError("exceeded max depth")
            closing = self._peek()
            if closing == ("}" if character == "{" else "]"):
                self._offset += 1
                open_.pop()
                return
            if character == "{":
                self._name()

    def _after_value(self, open_: list[str]) -> None:
        inside_object = open_[-1] == "{"
        character = self._peek()
        if character == ("}" if inside_object else "]"):
            self._offset += 1
            open_.pop()
            return
        if character != ",":
            self._fail("after object key:value pair" if inside_object else "after array element")
        comma = self._offset
        self._offset += 1
        following = self._peek()
        if following and following in "]}":
            self._offset = comma
            self._fail("looking for beginning of value")
        if inside_object:
            self._name()
        self._value(open_)

    def _name(self) -> None:
        """A name and the colon behind it."""
        character = self._peek()
        if character != '"':
            if not character or character not in "{[":
                self._scalar()
            raise JsonSyntaxError("object member name must be a string")
        self._string()
        if self._peek() != ":":
            self._fail("after object key")
        self._offset += 1
        following = self._peek()
        if following == "}":
            raise JsonSyntaxError("missing value after object key")
        if following == "]":
            self._fail("after object key:value pair")

    def _scalar(self) -> None:
        character = self._peek()
        literal = _LITERALS.get(character)
        if character == '"':
            self._string()
        elif literal is not None:
            for expected in literal:
                if self._text[self._offset : self._offset + 1] != expected:
                    self._fail(f"in literal {literal} (expecting {quote_character(expected)})")
                self._offset += 1
        elif character == "-" or (character and character in "0123456789"):
            self._number()
        else:
            self._fail("looking for beginning of value")

    def _number(self) -> None:
        start = self._offset
        if self._text[start] == "-":
            self._offset += 1
        if self._text[self._offset : self._offset + 1] == "0":
            self._offset += 1
        else:
            self._digits()
        if self._text[self._offset : self._offset + 1] == ".":
            self._offset += 1
            self._digits()
        if self._text[self._offset : self._offset + 1] in ("e", "E"):
            self._offset += 1
            if self._text[self._offset : self._offset + 1] in ("+", "-"):
                self._offset += 1
            self._digits()
        check_number(self._text[start : self._offset])

    def _digits(self) -> None:
        match = _DIGITS.match(self._text, self._offset)
        if match is None or match.end() == self._offset:
            self._fail("in numeric literal")
        self._offset = match.end()

    def _string(self) -> None:
        self._offset += 1
        while True:
            stop = _STRING_STOP.search(self._text, self._offset)
            if stop is None:
                raise JsonSyntaxError("unexpected EOF")
            self._offset = stop.start()
            if stop.group() == '"':
                self._offset += 1
                return
            if stop.group() != "\\":
                self._fail("in string")
            self._escape()

    def _escape(self) -> None:
        following = self._text[self._offset + 1 : self._offset + 2]
        if not following:
            raise JsonSyntaxError("unexpected EOF")
        if following in '"\\/bfnrt':
            self._offset += 2
            return
        size = 6 if following == "u" else 2
        # Go cuts the sequence out by bytes, even in the middle of a character.
        window = self._text[self._offset : self._offset + size].encode("utf-8", "surrogateescape")[:size]
        sequence = window.decode("utf-8", "surrogateescape")
        if following != "u" or not _HEXADECIMAL.issuperset(sequence[2:]):
            plain = sequence.isprintable() and "`" not in sequence
            raise JsonSyntaxError(f"invalid escape sequence {f'`{sequence}`' if plain else quote(sequence)} in string")
        if len(sequence) < size:
            raise JsonSyntaxError("unexpected EOF")
        self._offset += size

    def _fail(self, where: str) -> NoReturn:
        character = self._text[self._offset : self._offset + 1]
        if not character:
            raise JsonSyntaxError("unexpected EOF")
        raise JsonSyntaxError(f"invalid character {quote_character(character)} {where}")


def check_number(text: str) -> None:
    """Raise ``JsonSyntaxError`` where the JSON number ``text`` is beyond a double's range, which Vault refuses."""
    if math.isinf(float(text)):
        raise JsonSyntaxError(f"json: cannot unmarshal number {text} into Go value of type float64")
