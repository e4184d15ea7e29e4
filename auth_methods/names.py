"""Names of roles in the bodies of logins, which no route has checked, and patterns of names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auth_methods.globs import matches_glob

_MAX_CHARACTERS = 1024
_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def is_name(text: str) -> bool:
    """Whether ``text`` is valid as the ``{name}`` in a path of the API."""
    return len(text) <= _MAX_CHARACTERS and _NAME.fullmatch(text) is not None


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether ``name`` is one of ``patterns``, in which ``*`` stands for any text."""
    return any(matches_glob(name, pattern) for pattern in patterns)
