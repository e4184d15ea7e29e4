"""JSON files that a program imports or reads: settings as values."""

from __future__ import annotations

import json
from typing import Any

from engines.cbom.source.values import NOTHING, UNKNOWN, Array, Table, Values, known

SUFFIX = ".json"

MAX_BYTES = 262_144
"""The longest file that is read."""

_MAX_DEPTH = 12


def read_json(content: bytes) -> Values:
    """The value of a file; NOTHING if it is too long or no JSON."""
    if len(content) > MAX_BYTES:
        return NOTHING
    try:
        return value_of(json.loads(content))
    except (ValueError, RecursionError):
        return NOTHING


def value_of(value: Any, depth: int = 0) -> Values:
    """Maps, lists and scalars as values; what is nested too deeply is unknown."""
    if depth > _MAX_DEPTH:
        return UNKNOWN
    if isinstance(value, dict):
        return (Table({name: value_of(each, depth + 1) for name, each in value.items()}),)
    if isinstance(value, list):
        return (Array([value_of(each, depth + 1) for each in value]),)
    return known(value)
