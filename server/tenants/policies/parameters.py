"""Policies' constraints on the parameters of a request, applied to the fields that the route makes of them.

A parameter may come under an older name, in the path, within an item of a batch or an object of settings, or in the
lines of a stream; it is the same parameter. The rules of a path are compiled once for each type of bodies, so that a
request costs one look-up for each of its parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from compat.parameters import Parameters, parameters_of
from compat.policies.rules import Value, Values
from engines.base import Body
from server.tenants.policies.listed_values import AllowedValues, DeniedValues

ANY = "*"
"""The name that stands for every parameter."""

MAX_ITEMS = 100_000
"""The most items of a batch that are checked; larger ones are refused if a policy constrains parameters."""

_Object: TypeAlias = tuple[type[Struct], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """The request's parameters as its route takes them."""

    body: type[Body]
    captured: Mapping[str, str] = field(default_factory=dict)
    """The parameters in the path."""

    item: type[Struct] | None = None
    """The type of a stream's lines; None if it isn't a stream."""

    items: Sequence[Struct] | None = None
    """The lines to check; None before any has arrived."""


class ParameterRules:
    """The required, allowed and denied parameters of one path, with names in lower case."""

    def __init__(self, required: frozenset[str], allowed: Values, denied: Values) -> None:
        self.required = required
        self.allowed = allowed
        self.denied = denied
        self._readings: dict[type[Struct] | None, _Reading] = {}

    def met(self, given: Mapping[str, Any], taken: Taken | None) -> bool:
        """Whether a request with the parameters ``given`` and ``taken`` (None: it has no route) meets them."""
        reading = self._reading(None if taken is None else taken.body)
        if self.required and not all(_has(name, given, reading.parameters, taken) for name in self.required):
            return False
        if given and ANY in self.denied:
            return False
        if not all(reading.may_send(name, value) for name, value in given.items()):
            return False
        if taken is None:
            return True
        if not all(reading.may_name(name, value) for name, value in taken.captured.items()):
            return False
        if any(_count(given[name]) > MAX_ITEMS for name in reading.parameters.holds.keys() & given.keys()):
            return False
        return all(self._reading(kind).may_hold(members) for kind, members in _objects(given, reading, taken))

    def _reading(self, kind: type[Struct] | None) -> _Reading:
        found = self._readings.get(kind)
        if found is None:
            found = self._readings[kind] = _Reading(self.allowed, self.denied, parameters_of(kind))
        return found


class _Reading:
    """The allowed and denied parameters, for one type of bodies or of objects."""

    def __init__(self, allowed: Values, denied: Values, parameters: Parameters) -> None:
        self.parameters = parameters
        self._restricted = bool(allowed) and not (len(allowed) == 1 and ANY in allowed)
        self._others = not self._restricted or ANY in allowed
        self._denied = {
            name: DeniedValues(values, parameters.field(name)) for name, values in _by_name(denied, parameters).items()
        }
        self._allowed = {name: AllowedValues(values, parameters.field(name)) for name, values in allowed.items()}
        for name, values in _by_name(allowed, parameters).items():
            self._allowed.setdefault(name, AllowedValues(values, parameters.field(name)))

    def may_send(self, name: str, value: object) -> bool:
        """Whether a request may have the parameter ``name``, in any case, with this value."""
        name = name.lower()
        denied = self._denied.get(name)
        if denied is not None and denied.denies(value):
            return False
        if not self._restricted:
            return True
        allowed = self._allowed.get(name)
        return self._others if allowed is None else allowed.allows(value)

    def may_name(self, name: str, value: str) -> bool:
        """Whether the path may have this parameter. A denial of any value doesn't apply to the path."""
        denied = self._denied.get(name)
        if denied is not None and denied.every and self.parameters.name_of(name) == name:
            denied = None
        found = self.parameters.fields.get(name)
        read = value if found is None or found.reading is None else found.reading(value)
        if denied is not None and (denied.denies(value) or denied.denies(read)):
            return False
        return self._among_allowed(name, value)

    def may_hold(self, members: Mapping[str, Any]) -> bool:
        """Whether an object within an allowed parameter may have these members."""
        for name, value in members.items():
            name = name.lower()
            denied = self._denied.get(name)
            if denied is not None and denied.denies(value):
                return False
            if not self._among_allowed(name, value):
                return False
        return True

    def _among_allowed(self, name: str, value: object) -> bool:
        allowed = self._allowed.get(name) if self._restricted else None
        return allowed is None or allowed.allows(value)


def _by_name(values: Values, parameters: Parameters) -> dict[str, tuple[Value, ...]]:
    """The values for each name of a field, listed under any of its names; an empty list means any."""
    joined: dict[str, tuple[Value, ...]] = {}
    for name, listed in values.items():
        today = parameters.name_of(name)
        before = joined.get(today)
        joined[today] = listed if before is None else before + listed if before and listed else ()
    others = {other: joined[today] for other, today in parameters.other_names.items() if today in joined}
    return {**joined, **others}


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else 1


def _objects(given: Mapping[str, Any], reading: _Reading, taken: Taken) -> Iterator[_Object]:
    """The objects within parameters, and the lines of a stream, with the type of each."""
    for name, kind in reading.parameters.holds.items():
        value = given.get(name)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict):
                yield kind, item
    if taken.item is not None:
        for line in taken.items or ():
            yield taken.item, _set_members(line)


def _set_members(line: Struct) -> dict[str, str]:
    """The members of a line as texts, without those equal to their default, whether they were sent or not."""
    members = {}
    for info in msgspec.structs.fields(type(line)):
        value = getattr(line, info.name)
        if value != info.default:
            members[info.encode_name] = str(value)
    return members


def _has(name: str, given: Mapping[str, Any], parameters: Parameters, taken: Taken | None) -> bool:
    """Whether a required parameter reaches the handler: in each item or beside them, if items have it."""
    names = {name} | {
        other for other in parameters.other_names if parameters.name_of(other) == parameters.name_of(name)
    }
    names.add(parameters.name_of(name))
    found = parameters.field(name)
    sent = any(one in given and not (found is not None and found.is_absent(given[one])) for one in names)
    for holder, kind in parameters.holds.items():
        value = given.get(holder)
        if name not in parameters_of(kind).fields or value is None:
            continue
        if isinstance(value, list):
            return all(isinstance(item, dict) and _has_member(item, name) for item in value)
        sent = sent or (isinstance(value, dict) and _has_member(value, name))
    if sent or taken is None or taken.item is None or name not in parameters_of(taken.item).fields:
        return sent
    return taken.items is None or all(name in _set_members(line) for line in taken.items)


def _has_member(members: Mapping[str, Any], name: str) -> bool:
    return any(member.lower() == name for member in members)
