"""Contexts: the arguments and globals that distinguish runs of a function, so that equal runs are made once."""

from __future__ import annotations

from typing import Any

from engines.cbom.source.evaluation.evidence.switches import says_off
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import Closure, Known, Ref, Unknown, Values

MARKED = frozenset({"c", "cpp", "go", "java"})
"""Languages whose front-ends tell which functions are internal."""

ORDERS = 5
"""The number of turns in which functions are run."""

TURNS = (range(1), range(1, 3))
"""Turns that all files of a program take before any file takes the later ones: those of functions, not of methods."""


def order_of(closure: Closure) -> int:
    """When a function is run that no call has reached: what calls others goes before them.

    Functions make the objects that methods belong to.
    """
    makes = closure.owner is None and not closure.function.parameters and closure.scope.source.language == "go"
    if (makes and not says_off(closure.function.name)) or closure.function.name == "main":
        return 0
    return 1 + 2 * (closure.owner is not None) + closure.function.internal


def context_of(closure: Closure, arguments: Arguments, chosen: frozenset[str]) -> Any:
    """What a run of a function depends on, as far as it is told apart."""
    return (
        closure.receiver,
        closure.scope if closure.scope.is_function else None,
        tuple([_told(values) for values in arguments.positional]),
        tuple([(name, _told(values)) for name, values in arguments.keywords.items()]) if arguments.keywords else (),
        arguments.incomplete,
        arguments.site,
        chosen,
    )


_UNKNOWN = (None,)


def _told(values: Values) -> Any:
    if len(values) == 1:  # As below, for what most are.
        value = values[0]
        kind = type(value)
        if kind is Unknown:
            return _UNKNOWN
        if kind is not Known and kind is not Ref:
            return values
    return tuple(
        [
            (type(value.value), value.value)
            if type(value) is Known
            else None
            if type(value) is Unknown
            else (value.path, value.place)
            if type(value) is Ref
            else value
            for value in values
        ]
    )
