"""Python's functions and methods of lists, dictionaries and iterators, and its classes that are made by calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.program import Constant
from engines.cbom.source.values import (
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    Array,
    Known,
    Table,
    Thing,
    Values,
    constants,
    known,
    union,
)

_TUPLE = "collections.namedtuple"
_FIELDS = "fields"


def _arrays(values: Values) -> list[Array]:
    return [value for value in values if type(value) is Array]


def _tables(arguments: Arguments) -> list[Table]:
    return [value for value in arguments.receiver if type(value) is Table]


def _named(arguments: Arguments) -> dict[Constant, Values]:
    return {name: values for name, values in arguments.keywords.items()}


def _next(_evaluator: Any, arguments: Arguments) -> Values:
    """``next(iterator)``: the first element."""
    arrays = _arrays(arguments.at(0))
    first = [array.items[0] for array in arrays if array.items]
    return union([*first, arguments.at(1), NOTHING if arrays else UNKNOWN]) or UNKNOWN


def _zip(_evaluator: Any, arguments: Arguments) -> Values:
    """``zip(a, b)``: pairs of elements, as long as all are known."""
    columns = [_arrays(values) for values in arguments.positional]
    if not columns or not all(len(column) == 1 for column in columns):
        return UNKNOWN
    rows = zip(*(column[0].items for column in columns), strict=False)
    return (Array([(Array(list(row)),) for row in rows]),)


def _enumerate(_evaluator: Any, arguments: Arguments) -> Values:
    pairs: list[Values] = [
        (Array([known(position), item]),)
        for array in _arrays(arguments.at(0))
        for position, item in enumerate(array.items[:MAX_ITEMS])
    ]
    return (Array(pairs),) if pairs else UNKNOWN


def _extreme(_evaluator: Any, arguments: Arguments) -> Values:
    """``max(a, b)``, ``min([a, b])``: any of them."""
    given = arguments.positional
    if len(given) == 1:
        given = [item for array in _arrays(given[0]) for item in array.items]
    return union([*given, arguments.keywords.get("default", NOTHING)]) or UNKNOWN


def _append(_evaluator: Any, arguments: Arguments) -> Values:
    for array in _arrays(arguments.receiver):
        if len(array.items) < MAX_ITEMS and arguments.positional:
            array.items.append(arguments.positional[-1])
    return UNKNOWN


def _extend(_evaluator: Any, arguments: Arguments) -> Values:
    more = [item for array in _arrays(arguments.at(0)) for item in array.items]
    for array in _arrays(arguments.receiver):
        array.items.extend(more[: MAX_ITEMS - len(array.items)])
    return UNKNOWN


def _pop(_evaluator: Any, arguments: Arguments) -> Values:
    """A list's ``pop()``, ``pop(0)``. The list keeps its elements: it may be in a loop."""
    position = next(iter(constants(arguments.at(0))), -1)
    found = [
        array.items[position]
        if isinstance(position, int) and -len(array.items) <= position < len(array.items)
        else UNKNOWN
        for array in _arrays(arguments.receiver)
    ]
    return union(found) or UNKNOWN


def _take(_evaluator: Any, arguments: Arguments) -> Values:
    """A dictionary's ``pop(key, default)``: the entry, or the default."""
    names, default = constants(arguments.at(0)), arguments.at(1)
    found = []
    for table in _tables(arguments):
        for name in names:
            missing = union((default, UNKNOWN)) if table.open else default
            found.append(table.entries.get(name, missing))
    return union(found) or UNKNOWN


def _set_default(evaluator: Any, arguments: Arguments) -> Values:
    """A dictionary's ``setdefault(key, value)``."""
    for table in _tables(arguments):
        for name in constants(arguments.at(0)):
            if name not in table.entries and len(table.entries) < MAX_ITEMS:
                table.entries[name] = union((arguments.at(1), UNKNOWN if table.open else NOTHING))
    return _take(evaluator, arguments)


def _update(_evaluator: Any, arguments: Arguments) -> Values:
    """A dictionary's ``update(other, name=value)``."""
    others = [value for value in arguments.at(0) if type(value) is Table]
    for table in _tables(arguments):
        table.open |= arguments.incomplete or any(other.open for other in others)
        for entries in (*(other.entries for other in others), _named(arguments)):
            if len(table.entries) + len(entries) <= MAX_ITEMS:
                table.entries.update(entries)
    return UNKNOWN


def _copy(_evaluator: Any, arguments: Arguments) -> Values:
    copies = [(Table(dict(table.entries), table.open),) for table in _tables(arguments)]
    return union([*copies, *((Array(list(array.items)),) for array in _arrays(arguments.receiver))]) or UNKNOWN


def _namespace(_evaluator: Any, arguments: Arguments) -> Values:
    return (Table(_named(arguments), arguments.incomplete),)


def _tuple_class(_evaluator: Any, arguments: Arguments) -> Values:
    """``namedtuple("Point", "x y")``, ``namedtuple("Point", ["x", "y"])``."""
    names: list[str] = []
    for value in arguments.at(1):
        if type(value) is Known and isinstance(value.value, str):
            names += value.value.replace(",", " ").split()
        elif type(value) is Array:
            names += [str(name) for item in value.items for name in constants(item)]
    return (Thing(_TUPLE, {_FIELDS: (Array([known(name) for name in names[:MAX_ITEMS]]),)}),)


def _tuple(_evaluator: Any, arguments: Arguments) -> Values:
    made = Table(_named(arguments))
    for kind in arguments.receiver:
        for array in _arrays(kind.facts.get(_FIELDS, NOTHING)) if type(kind) is Thing else ():
            names = [str(name) for item in array.items for name in constants(item)]
            made.entries.update(zip(names, arguments.positional, strict=False))
    return (made,)


def _set_attribute(evaluator: Any, arguments: Arguments) -> Values:
    """``setattr(object, name, value)``."""
    if len(arguments.positional) == 3:
        for name in constants(arguments.positional[1]):
            for base in arguments.positional[0]:
                evaluator.set_member(base, str(name), arguments.positional[2])
    return UNKNOWN


CONTAINER_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "next": _next,
    "zip": _zip,
    "enumerate": _enumerate,
    "max": _extreme,
    "min": _extreme,
    "setattr": _set_attribute,
    "array.append": _append,
    "array.extend": _extend,
    "array.pop": _pop,
    "array.copy": _copy,
    "table.pop": _take,
    "table.setdefault": _set_default,
    "table.update": _update,
    "table.copy": _copy,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    _TUPLE: _tuple_class,
    f"{_TUPLE}.__call__": _tuple,
}
"""By full name; methods by the kind of their object."""
