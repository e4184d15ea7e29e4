"""Checks of the shape of lock files, and of their size."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

import msgspec

from engines.cbom.toml_text import LongKey, parse_toml

MAX_BYTES = 32 * 1024 * 1024
MAX_TOML_BYTES = 8 * 1024 * 1024
"""The parser of TOML takes a second for a megabyte."""

MAX_PACKAGES = 100_000
MAX_TEXT = 512
"""Characters of a name or a version."""

MAX_PLACE = 4096
"""Characters of an address or a path, or of what names a package together with one."""

_KEY = re.compile(r'[ \t]*("(?:[^"\\\n]|\\.)*")[ \t]*:[ \t]*[\[{]')


class Malformed(Exception):
    """A lock file that isn't what its name says; the text says what is wrong, without its contents."""


def members(value: object, what: str) -> Mapping[str, Any]:
    """``value`` as an object; none is an empty one. Raises ``Malformed``."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{what} is not an object")
    return value


def items(value: object, what: str) -> list[Any]:
    """``value`` as a list; none is an empty one. Raises ``Malformed``."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{what} is not a list")
    return value


def text(value: object, what: str, limit: int = MAX_TEXT) -> str:
    """``value`` as a text of bounded length; none is "". Raises ``Malformed``."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{what} is not a text")
    if len(value) > limit:
        raise Malformed(f"{what} has more than {limit} characters")
    return value


def json_of(source: str) -> Mapping[str, Any]:
    """A JSON object. Raises ``Malformed``."""
    try:
        return members(msgspec.json.decode(source), "the file")
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("not JSON") from error


def toml_of(source: str) -> Mapping[str, Any]:
    """A TOML document. Raises ``Malformed``."""
    if len(source) > MAX_TOML_BYTES:
        raise Malformed(f"more than {MAX_TOML_BYTES} bytes")
    try:
        return parse_toml(source)
    except LongKey as error:
        raise Malformed(str(error)) from error
    except ValueError as error:
        raise Malformed("not TOML") from error


def place(value: object, what: str) -> str:
    """``value`` as an address, a path or the like; none is "". Raises ``Malformed``."""
    return text(value, what, MAX_PLACE)


def name_and_place(given: str) -> tuple[str, str]:
    """``@scope/name@^1.0.0`` as its name, and what follows: a range, a version or a place, "" without one."""
    end = given.find("@", 1)
    return (given, "") if end < 0 else (given[:end], given[end + 1 :])


class KeyLines:
    """The lines of a JSON text on which keys of objects and lists stand, each given once and in order.

    Wishes, which name the same packages, are texts.
    """

    def __init__(self, source: str) -> None:
        self._lines: defaultdict[str, deque[int]] = defaultdict(deque)
        for number, line in enumerate(source.split("\n"), 1):
            if found := _KEY.match(line):
                self._lines[found[1]].append(number)

    def next(self, key: str) -> int:
        """The next line of ``key``; 1 if it stands at no start of a line."""
        lines = self._lines.get(msgspec.json.encode(key).decode())
        return lines.popleft() if lines else 1


def table_lines(source: str, header: str, number: int) -> list[int]:
    """The lines of a TOML text on which the ``number`` tables of an array begin; 1 for all if they can't be told."""
    found = [line for line, content in enumerate(source.split("\n"), 1) if content.strip() == header]
    return found if len(found) == number else [1] * number
