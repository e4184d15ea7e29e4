"""Settings files that a program reads: JSON, and Java's properties (java.util.Properties).

A file that is too long or malformed has no settings.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engines.cbom.source.values import NOTHING, UNKNOWN, Array, Table, Values, known

JSON_SUFFIX = ".json"
PROPERTIES_SUFFIX = ".properties"

MAX_BYTES = 262_144
"""The longest file that is read."""

_MAX_DEPTH = 12

_PAIR = re.compile(r"^\s*([^#!\s=:][^\s=:]*)\s*[=:\s]\s*(.*)$")
_CONTINUED = re.compile(r"\\\r?\n\s*")


def read_json(content: bytes) -> Values:
    """The value of a file; NOTHING if it is too long or no JSON."""
    if len(content) > MAX_BYTES:
        return NOTHING
    try:
        return _value(json.loads(content), 0)
    except (ValueError, RecursionError):
        return NOTHING


def read_properties(content: bytes) -> dict[str, str]:
    """The settings of a file by name. Escapes of characters, which names of algorithms don't need, stay as they are."""
    if len(content) > MAX_BYTES:
        return {}
    lines = _CONTINUED.sub("", content.decode("utf-8", "replace")).splitlines()
    return {pair[1]: pair[2].strip() for line in lines if (pair := _PAIR.match(line))}


def _value(value: Any, depth: int) -> Values:
    if depth > _MAX_DEPTH:
        return UNKNOWN
    if isinstance(value, dict):
        return (Table({name: _value(each, depth + 1) for name, each in value.items()}),)
    if isinstance(value, list):
        return (Array([_value(each, depth + 1) for each in value]),)
    return known(value)
