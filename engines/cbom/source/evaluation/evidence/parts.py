"""Parts of a program: what stands right within one, for walks that look at all of a function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any


def inner_parts(part: Any) -> Iterable[Any]:
    """The elements of a list, or what the fields of a node hold; nothing for a name or a number."""
    if isinstance(part, list | tuple):
        return part
    kind: Any = type(part)
    return [getattr(part, name) for name in _fields_of(kind)]


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
