"""Functions of the program that a call means: the object from which one is read, and the overload that fits.

The object from which a function of JavaScript is read is its ``this``.
"""

from __future__ import annotations

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.program import Function
from engines.cbom.source.values import Closure, Instance, Table, Value, Values

THIS = "this"
"""The first parameter of functions that get the object from which they are read."""


def has_receiver(function: Function) -> bool:
    """Whether the first parameter of a function is the object that it is read from."""
    return not function.static and bool(function.parameters) and function.parameters[0].name == THIS


def takes_this(value: Value) -> bool:
    """Whether a value is a function that gets the object from which it is read."""
    return type(value) is Closure and has_receiver(value.function)


def read_from(owner: Instance | Table, values: Values) -> Values:
    """The values of a member of an object, functions among them bound to it."""
    if not any(type(value) is Closure and takes_this(value) and value.receiver is not owner for value in values):
        return values
    return tuple(
        Closure(value.function, value.scope, value.owner, owner)
        if type(value) is Closure and takes_this(value)
        else value
        for value in values
    )


def overloads(found: Values, arguments: Arguments) -> Values:
    """Of several functions of the program, those for as many arguments as there are; all if none is."""
    if arguments.incomplete or not all(isinstance(value, Closure) for value in found):
        return found
    count = len(arguments.positional) + len(arguments.keywords)
    return tuple(value for value in found if isinstance(value, Closure) and _takes(value, count)) or found


def _takes(closure: Closure, count: int) -> bool:
    function = closure.function
    bound = has_receiver(function) or (closure.owner is not None and not function.static)
    parameters = function.parameters[1 if bound else 0 :]
    return len(parameters) == count or any(parameter.kind or parameter.default for parameter in parameters)
