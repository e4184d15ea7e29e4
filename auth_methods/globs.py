"""Globs: texts in which ``*`` stands for any text, and every other character for itself."""

from __future__ import annotations


def matches_glob(text: str, glob: str) -> bool:
    """Whether ``glob`` matches all of ``text``.

    Matching each part at its first place suffices, so it never backtracks.
    """
    first, *parts = glob.split("*")
    if not parts:
        return text == glob
    if not text.startswith(first):
        return False
    position = len(first)
    for part in parts[:-1]:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return text.endswith(parts[-1]) and len(text) - len(parts[-1]) >= position
