"""Fields of a route's parameters: which field each name stands for, and the values that a handler gets for it.

All of it follows from the types of the route's body. ``compat.fields`` converts whole bodies; this module looks at
single parameters, for policies that judge a request and for the audit that describes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from compat.conversion import ABSENT, CONVERTERS, ConversionError, kind_of
from engines.faults import InvalidRequest
from engines.fields import Parts, Reading, parts_of, reading_of

_LISTS = frozenset({"comma_list", "string_list", "key_values"})
_WHOLE = frozenset({"array", "any", "batch"})
_DURATIONS = frozenset({"duration", "signed_duration", "bare_duration"})


class Field(NamedTuple):
    """One field of a body."""

    kind: str
    """A name of ``CONVERTERS``."""

    reading: Reading | None = None
    parts: Parts | None = None

    @property
    def listed(self) -> bool:
        """Whether the handler gets several texts, which a client may send as one."""
        return self.kind in _LISTS or self.parts is not None

    @property
    def numeric(self) -> bool:
        """Whether the handler gets a number or a truth value."""
        return self.kind in ("int", "float", "bool") or self.kind in _DURATIONS

    def elements(self, value: object) -> list[Any]:
        """The handler's values for ``value``: one, or the elements of a list; none if it counts as absent.

        A map of texts is the list of its ``name=value``. Raises ``ConversionError`` for what the route refuses.
        """
        if self.kind in _WHOLE:
            return [*value] if isinstance(value, list) else [value]
        try:
            converted = CONVERTERS[self.kind](value)
        except InvalidRequest as fault:
            raise ConversionError(str(fault)) from None
        if converted is ABSENT:
            return []
        if self.kind == "object":
            return [converted]
        if isinstance(converted, dict):
            return [f"{name}={text}" for name, text in converted.items()]
        if isinstance(converted, list):
            return converted
        return self.parts(converted) if self.parts is not None and isinstance(converted, str) else [converted]

    def is_absent(self, value: object) -> bool:
        """Whether ``value`` counts as not given."""
        try:
            return value is None and self.kind in _DURATIONS and not self.elements(value)
        except ConversionError:
            return False


class Parameters(NamedTuple):
    """The parameters of a type of bodies, or of objects within one."""

    fields: Mapping[str, Field]
    """Fields by their names on the wire."""

    other_names: Mapping[str, str]
    """As in ``engines.base.Body``."""

    holds: Mapping[str, type[Struct]]
    """As in ``engines.base.Body``."""

    def name_of(self, name: str) -> str:
        """The name of the field that ``name`` stands for."""
        return self.other_names.get(name, name)

    def field(self, name: str) -> Field | None:
        """The field that ``name`` stands for, also as an older name; None for an unknown name."""
        today = self.name_of(name)
        for one in (name, today, *(other for other, field in self.other_names.items() if field == today)):
            if one in self.fields:
                return self.fields[one]
        return None


@lru_cache(maxsize=4096)
def parameters_of(struct: type[Struct] | None) -> Parameters:
    """The parameters of a type of bodies, or of the items of a batch; none for None."""
    if struct is None:
        return Parameters({}, {}, {})
    fields = {
        field.encode_name: Field(kind_of(field.type), reading_of(field.type), parts_of(field.type))
        for field in msgspec.structs.fields(struct)
    }
    return Parameters(fields, getattr(struct, "other_names", {}), getattr(struct, "holds", {}))
