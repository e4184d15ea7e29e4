"""Java's property files: settings that a program reads by their names (java.util.Properties)."""

from __future__ import annotations

import re

SUFFIX = ".properties"

MAX_BYTES = 262_144
"""The longest file that is read."""

_PAIR = re.compile(r"^\s*([^#!\s=:][^\s=:]*)\s*[=:\s]\s*(.*)$")
_CONTINUED = re.compile(r"\\\r?\n\s*")


def read_properties(content: bytes) -> dict[str, str]:
    """The settings of a file by name. Escapes of characters, which names of algorithms don't need, stay as they are."""
    if len(content) > MAX_BYTES:
        return {}
    lines = _CONTINUED.sub("", content.decode("utf-8", "replace")).splitlines()
    return {pair[1]: pair[2].strip() for line in lines if (pair := _PAIR.match(line))}
