"""Names of roles as they come in the body of a login, where no route has looked at them yet."""

from __future__ import annotations

import re

_MAX_CHARACTERS = 1024
_NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def is_name(text: str) -> bool:
    """Whether ``text`` could be the ``{name}`` in a path of the API, and so the name of anything at all."""
    return len(text) <= _MAX_CHARACTERS and _NAME.fullmatch(text) is not None
