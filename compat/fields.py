"""Conversion of parameters to a route's typed body, as weakly as Vault does it and with its error texts.

Most bodies already have the right types: one call of msgspec converts them. If it refuses, or a parameter must be
converted whatever its type, each parameter goes through ``compat.conversion`` first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from compat.conversion import ABSENT, CONVERTERS, ConversionError, kind_of
from engines.base import Body
from engines.faults import InvalidRequest

BodyT = TypeVar("BodyT", bound=Body)

_INT64_MAX = 2**63 - 1
_ALWAYS_CONVERTED = frozenset({"comma_list"})
"""Kinds whose values may change in conversion even where they have the right type: surrounding blanks are dropped."""


class _Plan(NamedTuple):
    kinds: dict[str, str]
    """The kind of each field by its name on the wire."""

    always: frozenset[str]
    integers: tuple[str, ...]


@lru_cache(maxsize=4096)
def _plan(body_type: type[Body]) -> _Plan:
    kinds = {field.encode_name: kind_of(field.type) for field in msgspec.structs.fields(body_type)}
    always = frozenset(name for name, kind in kinds.items() if kind in _ALWAYS_CONVERTED)
    return _Plan(kinds, always, tuple(name for name, kind in kinds.items() if kind == "int"))


def convert(body_type: type[BodyT], given: Mapping[str, Any], *, bare_errors: bool = False) -> BodyT:
    """The typed body of the parameters ``given``. ``null`` is a supplied zero value; unknown names are ignored.

    Raises ``InvalidRequest`` naming the first parameter that can't be converted; ``bare_errors`` omits the prefix
    ``Field validation failed:``, for routes that tell creation from update.
    """
    plan = _plan(body_type)
    if plan.always.isdisjoint(given):
        for name in plan.integers:
            value = given.get(name)
            if type(value) is int and not -_INT64_MAX <= value <= _INT64_MAX:
                break
        else:
            try:
                return msgspec.convert(given, body_type)
            except msgspec.ValidationError:
                pass
    return _convert_each(body_type, plan, given, "" if bare_errors else "Field validation failed: ")


def _convert_each(body_type: type[BodyT], plan: _Plan, given: Mapping[str, Any], prefix: str) -> BodyT:
    converted: dict[str, Any] = {}
    for name, kind in plan.kinds.items():
        if name not in given:
            continue
        try:
            value = CONVERTERS[kind](given[name])
        except ConversionError as error:
            detail = error.detail.replace("{field}", name)
            raise InvalidRequest(f'{prefix}error converting input for field "{name}": {detail}') from None
        if value is not ABSENT:
            converted[name] = value
    try:
        return msgspec.convert(converted, body_type)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{prefix}{error}") from None


def ineffective(body_type: type[Body], given: Mapping[str, Any], captured: Mapping[str, Any]) -> list[str]:
    """Warnings of parameters in ``given`` without effect: unknown to ``body_type``, or ``captured`` from the path."""
    warnings = []
    known = _plan(body_type).kinds.keys()
    if not given.keys() <= known and not body_type.takes_anything:
        names = " ".join(sorted(given.keys() - known))
        warnings.append(f"Endpoint ignored these unrecognized parameters: [{names}]")
    replaced = captured.keys() & given.keys()
    if body_type.path_only:
        replaced |= body_type.path_only & given.keys()
    if replaced:
        warnings.append(
            "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: "
            f"[{' '.join(sorted(replaced))}]"
        )
    return warnings
