"""Options that are passed on: ``{ minVersion: options.minVersion }``.

What the first object sets is told where it sets it, and is no second weakness where another one copies it.
"""

from __future__ import annotations

from engines.cbom.source import program

_MAX_PARTS = 8
"""The most parts of a value that are looked at."""


def passes_on(value: program.Expression, name: object) -> bool:
    """Whether the value of the option ``name`` is that of another object, or else one that is harmless.

    A field of the object that runs is none: that it is set isn't told.
    """
    waiting, found = [value], False
    for _ in range(_MAX_PARTS):
        if not waiting:
            return found
        part = waiting.pop()
        if type(part) is program.Conditional:
            waiting += [part.then, part.otherwise]
        elif type(part) is program.Typed and part.value is not None:
            waiting.append(part.value)
        elif type(part) is program.Binary and part.operator == "or":
            waiting += [part.left, part.right]
        elif type(part) is program.Member and part.name == name:
            if type(part.base) is program.Name and part.base.name == "this":
                return False
            found = True
        elif type(part) is not program.Const or part.value is not True:
            return False
    return False
