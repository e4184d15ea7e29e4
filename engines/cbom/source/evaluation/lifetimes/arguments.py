"""The scope in which a function runs: its parameters with the arguments of one call."""

from __future__ import annotations

from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation.functions.receivers import has_receiver
from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Closure,
    Table,
    Thing,
    Unknown,
    Values,
    known,
    union,
)

_PLACEHOLDER = "placeholder"
"""The fact of an object that is known by the type of a parameter or field alone."""


def opened(evaluator: Any, closure: Closure, arguments: Arguments) -> Scope:
    """The scope of a call of ``closure``, with its parameters."""
    scope = Scope(closure.scope.source, closure.scope, is_function=True, site=arguments.site, function=closure.function)
    parameters = closure.function.parameters
    first = 0
    if closure.receiver is not None and parameters and not closure.function.static:
        scope.names[parameters[0].name] = (closure.receiver,)
        first = 1
    elif has_receiver(closure.function):
        first = 1
    outer, evaluator.scope = evaluator.scope, scope
    try:
        for position, parameter in enumerate(parameters[first:]):
            values = _argument(evaluator, parameter, position, arguments)
            scope.names[parameter.name] = values
            if parameter.declared is not None:
                evaluator.check_function(parameter.declared, values)
            evaluator.tell_secret(parameter.name, values)
    finally:
        evaluator.scope = outer
    return scope


def _argument(evaluator: Any, parameter: program.Parameter, position: int, arguments: Arguments) -> Values:
    if parameter.kind == "*":
        return (Array(arguments.positional[position:]),) if not arguments.incomplete else UNKNOWN
    if parameter.kind == "**":
        return (Table({name: values for name, values in arguments.keywords.items()}, arguments.incomplete),)
    values: Values
    if parameter.name in arguments.keywords:
        values = arguments.keywords[parameter.name]
    elif position < len(arguments.positional):
        values = arguments.positional[position]
    else:
        default = NOTHING if parameter.default is None else evaluator.evaluate(parameter.default)
        values = union((default, UNKNOWN)) if arguments.incomplete or not default else default
    if parameter.declared is not None and all(type(value) is Unknown for value in values):
        return of_any_kind(evaluator.of_type(parameter.declared)) or UNKNOWN
    return values


def of_any_kind(values: Values) -> Values:
    """The values, marked as known by a type alone: the object may be of one below, ``SecureRandom`` for ``Random``."""
    for value in values:
        if type(value) is Thing:
            value.facts[_PLACEHOLDER] = known(True)
    return values


def without_placeholders(values: Values) -> Values:
    """The values without those that are known by a type alone, where other objects are known."""
    if len(values) < 2:
        return values
    found = tuple(value for value in values if not (type(value) is Thing and _PLACEHOLDER in value.facts))
    return found if any(type(value) is Thing for value in found) else values
