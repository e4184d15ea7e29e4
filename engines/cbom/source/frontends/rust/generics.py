"""Front-end of Rust: type arguments, which calls give to functions as keywords."""

from __future__ import annotations

import re

_GENERIC = re.compile(rb"\bimpl\s*<[^{};]{1,200}?>\s*(\w+)\s*<")
"""An implementation of a type with type parameters."""


def generic_types_in(source: bytes) -> frozenset[bytes]:
    """The types that a file implements with type parameters."""
    return frozenset(_GENERIC.findall(source))


def type_parameter(position: int) -> str:
    """The name of the keyword that is a call's type argument at ``position``: Rust reserves the word."""
    return f"type{position or ''}"


def owner_parameter(position: int) -> str:
    """The name of the keyword that is a type argument of the type whose function is called."""
    return f"impl {position}"


IMPLEMENTING = "impl Self"
"""The name of the keyword that is the type whose function a trait provides: ``Self`` in it."""
