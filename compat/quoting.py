"""Text in quotes as Go shows it, for the many messages that quote what the caller sent."""

from __future__ import annotations

_SHORT = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
}  # fmt: skip


def quote(text: str) -> str:
    """``text`` in double quotes, as by Go's ``%q``."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escaped(character, '"') for character in text) + '"'


def quote_character(character: str) -> str:
    """One character in single quotes, as by Go's ``%q`` of a rune. A byte that isn't text comes as a lone surrogate."""
    return f"'{_escaped(character, chr(39))}'"


def _escaped(character: str, mark: str) -> str:
    short = _SHORT.get(character)
    if short is not None:
        return short
    if character == mark:
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
