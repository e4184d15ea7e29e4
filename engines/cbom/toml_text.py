"""TOML of bounded cost: the parser takes time and memory in proportion to the square of the parts of a dotted key."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_KEY_PARTS = 64
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|\'[^\']*\'?|[A-Za-z0-9_-]+|[ \t]+|.', re.DOTALL)
"""A string without its end goes on to that of the line, so that it is looked at once."""


class LongKey(ValueError):
    """A dotted key of more than ``MAX_KEY_PARTS`` parts."""

    def __init__(self) -> None:
        super().__init__(f"a key of more than {MAX_KEY_PARTS} parts")


def parse_toml(source: str) -> dict[str, Any]:
    """The document that ``source`` is. Raises ``ValueError`` if it is no TOML, is nested deep, or has a ``LongKey``."""
    if any(line.count(".") >= MAX_KEY_PARTS and _has_long_key(line) for line in source.split("\n")):
        raise LongKey
    try:
        return tomllib.loads(source)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _has_long_key(line: str) -> bool:
    dots, after_part = 0, False
    for found in _PIECE.finditer(line):
        piece = found[0]
        if piece[0] in " \t":
            continue
        if piece == "." and after_part:
            dots, after_part = dots + 1, False
            if dots == MAX_KEY_PARTS:
                return True
        else:
            is_part = piece[0] in "\"'-_" or piece[0].isalnum()
            dots, after_part = dots if is_part and not after_part else 0, is_part
    return False
