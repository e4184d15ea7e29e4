"""Names of roles in the bodies of logins, which no route has checked, and globs, in which ``*`` stands for any text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_CHARACTERS = 1024
_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def is_name(text: str) -> bool:
    """Whether ``text`` is valid as the ``{name}`` in a path of the API."""
    return len(text) <= _MAX_CHARACTERS and _NAME.fullmatch(text) is not None


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether ``name`` is one of ``patterns``, in which ``*`` stands for any text."""
    return any(matches_glob(name, pattern) for pattern in patterns)


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
