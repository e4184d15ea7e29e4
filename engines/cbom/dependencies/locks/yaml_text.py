"""YAML of lock files: nested maps and lists of texts, with the line of each value.

Read from the parser's events, so that depth, size and aliases are bounded before anything is built: lock files have
neither aliases nor tags, and an alias is how a small YAML document grows without bound. Every scalar stays the text
that it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from engines.cbom.dependencies.locks.shapes import Malformed

MAX_DEPTH = 32
MAX_VALUES = 1_000_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Lines(dict[str, Any]):
    """A map that knows the line of each key, from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


@dataclass(slots=True)
class _Open:
    """A map or list whose end hasn't come."""

    value: Lines | list[Any]
    key: str | None = None
    key_line: int = field(default=1)


def yaml_of(source: str) -> list[Any]:
    """The documents of a YAML text. Raises ``Malformed``."""
    try:
        return _documents(yaml.parse(source, Loader=_LOADER))
    except (yaml.YAMLError, ValueError) as error:
        raise Malformed("not YAML") from error


def _documents(events: Iterator[Any]) -> list[Any]:
    documents: list[Any] = []
    stack: list[_Open] = []
    for number, event in enumerate(events):
        if number > MAX_VALUES:
            raise Malformed(f"more than {MAX_VALUES} values")
        match event:
            case yaml.AliasEvent():
                raise Malformed("an alias")
            case yaml.ScalarEvent(value=value):
                _place(documents, stack, value, event.start_mark.line + 1)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(stack) == MAX_DEPTH:
                    raise Malformed(f"nested more than {MAX_DEPTH} deep")
                opened: Lines | list[Any] = Lines() if isinstance(event, yaml.MappingStartEvent) else []
                _place(documents, stack, opened, event.start_mark.line + 1)
                stack.append(_Open(opened))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                stack.pop()
    return documents


def _place(documents: list[Any], stack: list[_Open], value: Any, line: int) -> None:
    """Put a value where it belongs; the first of two in a map is the key."""
    if not stack:
        documents.append(value)
        return
    opened = stack[-1]
    if isinstance(opened.value, list):
        opened.value.append(value)
    elif opened.key is None:
        if not isinstance(value, str):
            raise Malformed("a key that is no text")
        if value in opened.value:
            raise Malformed("a key that stands twice")
        opened.key, opened.key_line = value, line
    else:
        opened.value[opened.key] = value
        opened.value.lines[opened.key] = opened.key_line
        opened.key = None
