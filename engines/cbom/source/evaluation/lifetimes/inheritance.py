"""Inherited methods: each is run again for the inheriting class."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.evaluation.functions.intrinsics import CONSTRUCTORS
from engines.cbom.source.values import Class, Closure

_MAX_ABOVE = 4
"""The most classes above one another whose methods are run for a class below."""


def inherited_methods(of: Class) -> Iterator[Closure]:
    """The methods, but constructors, that a class has from others and doesn't override."""
    seen = {*of.members, *CONSTRUCTORS}
    above = [base for base in of.bases if type(base) is Class]
    for _ in range(_MAX_ABOVE):
        for name, values in [pair for base in above for pair in base.members.items() if pair[0] not in seen]:
            seen.add(name)
            yield from (value for value in values if type(value) is Closure and not value.function.static)
        above = [base for each in above for base in each.bases if type(base) is Class]


def overrides(of: Class, above: Class) -> bool:
    """Whether a class has a method of another one, but a constructor."""
    names = above.members.keys() & of.members.keys() - set(CONSTRUCTORS)
    return any(type(value) is Closure for name in names for value in above.members[name])
