"""Front-end of C and C++: escapes in texts and characters."""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import character

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|\n|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}


def unescaped(text: str) -> str:
    """The text that a literal stands for."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    hexadecimal, octal, short, long, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    digits = hexadecimal or short or long
    code = int(digits, 16) if digits else int(octal, 8) if octal else 0
    return character(code)
