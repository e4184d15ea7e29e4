"""Names of roles in the body of a login, where no route has looked at them yet; and patterns of names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auth_methods.globs import fits

_MAX_CHARACTERS = 1024
_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def is_name(text: str) -> bool:
    """Whether ``text`` could be the ``{name}`` in a path of the API, and so the name of anything at all."""
    return len(text) <= _MAX_CHARACTERS and _NAME.fullmatch(text) is not None


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether ``name`` is one of ``patterns``, in which each ``*`` stands for any text."""
    return any(fits(name, pattern) for pattern in patterns)
