"""JSON schemas of parameters, from the types of a route's body; see ``server.system.inspect.openapi``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec.inspect as inspect
from msgspec import Struct

from engines.base import meanings
from engines.fields import BATCH, KIND

_REFERENCE = re.compile(r"\[([^\[\]]++)\]")
"""A reference to another part of the documentation, which is removed from descriptions."""

_SECONDS = frozenset({"duration", "signed_duration", "bare_duration"})


@lru_cache(maxsize=4096)
def properties(body: type[Struct]) -> dict[str, dict[str, Any]]:
    """The schema of each parameter by its name; shared, not to be changed."""
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType), "a body is a Struct"
    told = meanings(body)
    return {field.encode_name: _field(field, told.get(field.encode_name, "")) for field in info.fields}


def _field(field: inspect.Field, meaning: str) -> dict[str, Any]:
    schema = _schema(field.type)
    if meaning:
        schema["description"] = _REFERENCE.sub(r"\1", meaning)
    if isinstance(field.default, (str, int, bool, float)) and field.default not in ("", 0):
        schema["default"] = field.default
    return schema


def _schema(type_: inspect.Type) -> dict[str, Any]:
    if isinstance(type_, inspect.Metadata):
        kind = None if type_.extra is None else type_.extra.get(KIND)
        if kind in _SECONDS:
            return {"type": "integer", "format": "seconds"}
        if kind == BATCH:
            return {"type": "array", "items": {"type": "object"}}
        return _schema(type_.type)
    if isinstance(type_, inspect.UnionType):
        known = [inner for inner in type_.types if not isinstance(inner, inspect.NoneType)]
        return _schema(known[0]) if len(known) == 1 else {}
    if isinstance(type_, inspect.ListType):
        return {"type": "array", "items": _schema(type_.item_type)}
    if isinstance(type_, inspect.DictType):
        if isinstance(type_.value_type, inspect.StrType):
            return {"type": "object", "format": "kvpairs", "additionalProperties": {"type": "string"}}
        return {"type": "object", "format": "map"}
    for kind, word in _SCALARS:
        if isinstance(type_, kind):
            return {"type": word}
    return {}


_SCALARS = (
    (inspect.BoolType, "boolean"),
    (inspect.IntType, "integer"),
    (inspect.FloatType, "number"),
    (inspect.StrType, "string"),
)
