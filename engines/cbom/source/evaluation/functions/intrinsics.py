"""Functions of the languages themselves whose results follow from their arguments, and that rules can't tell.

Functions that return an argument, or make data of an origin, are rules in the knowledge file of their language
(``data/python/builtins.toml``); here is what takes or makes functions, names and parts of texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engines.cbom.source.evaluation.functions import callbacks
from engines.cbom.source.evaluation.functions.buffers import BUFFER_FUNCTIONS
from engines.cbom.source.evaluation.functions.c_family.c import C_FUNCTIONS
from engines.cbom.source.evaluation.functions.c_family.cplusplus import CPP_FUNCTIONS
from engines.cbom.source.evaluation.functions.command_lines import COMMAND_LINE_FUNCTIONS
from engines.cbom.source.evaluation.functions.containers import CONTAINER_FUNCTIONS
from engines.cbom.source.evaluation.functions.go import GO_FUNCTIONS
from engines.cbom.source.evaluation.functions.injected import INJECTED
from engines.cbom.source.evaluation.functions.java import JAVA_FUNCTIONS
from engines.cbom.source.evaluation.functions.python import PYTHON_FUNCTIONS
from engines.cbom.source.evaluation.functions.schemas import SCHEMA_FUNCTIONS
from engines.cbom.source.evaluation.functions.settings import SETTING_FUNCTIONS
from engines.cbom.source.evaluation.operators import MAX_TEXT, bounded
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    Array,
    Data,
    Instance,
    Known,
    Ref,
    Table,
    Values,
    constants,
    known,
    size_of,
    sole,
    union,
    weak_among,
)

_MAX_MARKS = 16
"""The most marks of a template that one value fills."""

CONSTRUCTORS = ("__init__", "constructor", "<init>")
"""The names of constructors in the front-ends' classes."""


def _getattr(evaluator: Any, arguments: Arguments) -> Values:
    if len(arguments.positional) < 2:
        return UNKNOWN
    names = [name for name in constants(arguments.positional[1]) if isinstance(name, str)]
    return union([evaluator.members(arguments.positional[0], name) for name in names]) or UNKNOWN


def _import(evaluator: Any, arguments: Arguments) -> Values:
    """``require("name")``; with a list it is the loader of AMD."""
    if arguments.positional and any(type(value) is Array for value in arguments.positional[0]):
        return callbacks.FUNCTIONS["define"](evaluator, arguments)
    names = constants(arguments.positional[0]) if arguments.positional else []
    return union([evaluator.imported(name) for name in names if isinstance(name, str)]) or UNKNOWN


def _create_require(_evaluator: Any, _arguments: Arguments) -> Values:
    """Node's ``require`` of a module of ECMAScript."""
    return (Ref("require"),)


def _get(_evaluator: Any, arguments: Arguments) -> Values:
    """A dictionary's ``get``: the entry, or the default."""
    default = arguments.at(1)
    keys = constants(arguments.positional[0]) if arguments.positional else []
    found: list[Values] = []
    for value in arguments.receiver:
        if type(value) is Table and keys:
            found.extend(
                value.entries.get(key, union((default, UNKNOWN)) if value.open else default or UNKNOWN) for key in keys
            )
        elif type(value) is Table:
            found.extend([*value.entries.values(), default])
    return union(found) or UNKNOWN


def _join(_evaluator: Any, arguments: Arguments) -> Values:
    """A text's ``join`` of an array (Python), or an array's ``join`` by a text (JavaScript)."""
    own, other = arguments.receiver, arguments.positional[0] if arguments.positional else known(",")
    array, glue = (own[0], other) if type(own[0]) is Array else (other[0], own)
    if type(array) is not Array or not array.items:
        return (array,) if type(array) is Data else UNKNOWN
    weak = weak_among(array.items)
    if weak:
        return weak
    parts = [sole(item) for item in array.items]
    separator = sole(glue)
    if isinstance(separator, str) and all(type(part) in (str, int) for part in parts):
        return bounded(separator.join(str(part) for part in parts))
    return UNKNOWN


def _join_bytes(evaluator: Any, arguments: Arguments) -> Values:
    """``b"".join(parts)``: what a weak generator makes of it may be a key."""
    if any(type(value) is Data for value in arguments.receiver):
        return weak_among([arguments.receiver]) or UNKNOWN
    return _as_bytes(_join(evaluator, arguments))


def _as_bytes(values: Values) -> Values:
    return tuple(replace(each, in_bytes=True, size=None) for each in weak_among([values])) or values


def _split(_evaluator: Any, arguments: Arguments) -> Values:
    own, by = sole(arguments.receiver), sole(arguments.positional[0]) if arguments.positional else None
    if not isinstance(own, str) or not (by is None or (isinstance(by, str) and by)):
        return UNKNOWN
    return (Array([known(part) for part in own.split(by, 256)]),)


def _replace(evaluator: Any, arguments: Arguments) -> Values:
    if len(arguments.positional) > 1:
        weak = weak_among([evaluator.invoke(each, Arguments([UNKNOWN], {})) for each in arguments.positional[1]])
        if weak:
            return weak
    parts = [sole(values) for values in [arguments.receiver, *arguments.positional[:2]]]
    if len(parts) != 3 or not all(isinstance(part, str) for part in parts):
        return UNKNOWN
    text, old, new = map(str, parts)
    return bounded(text.replace(old, new)) if len(new) < 256 else UNKNOWN


def _format(_evaluator: Any, arguments: Arguments) -> Values:
    templates = constants(arguments.receiver)
    if len(templates) != 1 or not isinstance(templates[0], str):
        return UNKNOWN
    text = templates[0]
    weak = weak_among([*arguments.positional, *arguments.keywords.values()])
    if weak:
        return weak
    for position, values in enumerate(arguments.positional[:16]):
        one = constants(values)
        if len(one) != 1:
            return UNKNOWN
        mark = "{}" if "{}" in text else f"{{{position}}}"
        text = text.replace(mark, str(one[0]), 1)
    for name, values in arguments.keywords.items():
        one = constants(values)
        if len(one) == 1 and len(text) <= MAX_TEXT:
            text = text.replace(f"{{{name}}}", str(one[0]), _MAX_MARKS)
    return bounded(text) if "{" not in text else UNKNOWN


def _length(_evaluator: Any, arguments: Arguments) -> Values:
    sizes = [size_of(value) for value in arguments.positional[0]] if arguments.positional else []
    return union([UNKNOWN if size is None else known(size) for size in sizes]) or UNKNOWN


def _bytes(_evaluator: Any, arguments: Arguments) -> Values:
    """``bytes(n)``, ``bytes([...])``, ``bytes(text, encoding)``."""
    if not arguments.positional:
        return known(b"")
    found: list[Values] = []
    for value in arguments.positional[0]:
        if type(value) is Known and isinstance(value.value, int):
            found.append((Data(CONSTANT, value.value, blank=True),))
        elif type(value) is Array:
            weak = _as_bytes(weak_among(value.items))
            whole = all(len(item) == 1 and type(item[0]) is Known for item in value.items)
            found.append(weak or ((Data(CONSTANT, len(value.items)),) if whole else UNKNOWN))
        elif type(value) is Known and isinstance(value.value, str):
            found.append(known(value.value.encode()))
        else:
            found.append((value,))
    return union(found)


def _text(_evaluator: Any, arguments: Arguments) -> Values:
    found: list[Values] = []
    for value in arguments.positional[0] if arguments.positional else known(""):
        plain = type(value) is Known and isinstance(value.value, int | float) and not isinstance(value.value, bool)
        found.append(known(str(value.value)) if plain else (value,))  # type: ignore[union-attr]
    return union(found)


def _integer(_evaluator: Any, arguments: Arguments) -> Values:
    found: list[Values] = []
    for value in arguments.positional[0] if arguments.positional else UNKNOWN:
        if type(value) is Known and isinstance(value.value, str | int | float):
            try:
                found.append(known(int(value.value)))
            except (ValueError, OverflowError):
                found.append(UNKNOWN)
        else:
            found.append((value,))
    return union(found)


def _dictionary(_evaluator: Any, arguments: Arguments) -> Values:
    result = Table({})
    for value in arguments.positional[0] if arguments.positional else ():
        if type(value) is Table:
            result.take(value)
        else:
            result.open = True
    result.entries.update(arguments.keywords)
    result.open |= arguments.incomplete
    return (result,)


def _assigned(_evaluator: Any, arguments: Arguments) -> Values:
    """JavaScript's ``Object.assign``: the pairs of all objects, which the first one gets."""
    first = arguments.at(0)
    result = _merged(arguments.positional)
    for value in first:
        if type(value) is Instance:
            value.fields.update({str(name): values for name, values in result.entries.items()})
        elif type(value) is Table:
            value.entries.update(result.entries)
            value.open |= result.open
    return first if first and all(type(value) in (Instance, Table) for value in first) else (result,)


def _merged(objects: list[Values]) -> Table:
    """The pairs of all objects, of which later ones go before."""
    result = Table({})
    for values in objects:
        for value in values:
            if type(value) is Table:
                result.take(value)
            else:
                result.open = True
    return result


def _copied(_evaluator: Any, arguments: Arguments) -> Values:
    """``{...a, ...b}`` as a function: lodash's ``merge``, ``extend``."""
    return (_merged(arguments.positional),)


def _defaulted(_evaluator: Any, arguments: Arguments) -> Values:
    """lodash's ``defaults``: earlier objects go before, and what isn't known may have each entry."""
    result = _merged(arguments.positional[::-1])
    if result.open:
        result.entries.update({name: union((values, UNKNOWN)) for name, values in result.entries.items()})
    return (result,)


def _entry_or(_evaluator: Any, arguments: Arguments) -> Values:
    """lodash's ``get(object, "a.b", default)``: of an object that isn't known, anything."""
    given = [*arguments.positional, NOTHING, NOTHING]
    values, path, default = given[0], sole(given[1]), given[2]
    elsewhere = NOTHING
    for word in path.split(".") if isinstance(path, str) else ():
        if any(type(value) is not Table or value.open for value in values):
            elsewhere = UNKNOWN
        values = union(value.entries.get(word, NOTHING) for value in values if type(value) is Table)
    return union((values, default, elsewhere)) if isinstance(path, str) and (values or default) else UNKNOWN


def _given(arguments: Arguments) -> Values:
    """The object that a method or function of objects is about."""
    return arguments.receiver or arguments.at(0)


def _map_of(_evaluator: Any, arguments: Arguments) -> Values:
    """JavaScript's ``new Map([[key, value]])``."""
    result = Table({})
    lists = [value for value in _given(arguments) if type(value) is Array]
    for pair in [value for each in lists for item in each.items for value in item]:
        names = pair.items[0] if type(pair) is Array and len(pair.items) == 2 else NOTHING
        if type(pair) is Array and len(constants(names)) == 1:
            result.entries[constants(names)[0]] = pair.items[1]
        else:
            result.open = True
    return (result,)


def _keys(_evaluator: Any, arguments: Arguments) -> Values:
    """The keys of a dictionary: Python's ``keys()``, JavaScript's ``Object.keys``."""
    names = [name for value in _given(arguments) if type(value) is Table for name in value.entries]
    return (Array([known(name) for name in names]),) if names else UNKNOWN


def _entries(_evaluator: Any, arguments: Arguments) -> Values:
    """The values of a dictionary: Python's ``values()``, JavaScript's ``Object.values``."""
    found = [values for value in _given(arguments) if type(value) is Table for values in value.entries.values()]
    return (Array(found),) if found else UNKNOWN


def _pairs(_evaluator: Any, arguments: Arguments) -> Values:
    """The pairs of a dictionary: Python's ``items()``, JavaScript's ``Object.entries``."""
    tables = [value for value in _given(arguments) if type(value) is Table]
    found = [(name, values) for value in tables for name, values in value.entries.items()]
    return (Array([(Array([known(name), values]),) for name, values in found]),) if found else UNKNOWN


FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "getattr": _getattr,
    "importlib.import_module": _import,
    "__import__": _import,
    "require": _import,
    "process.getBuiltinModule": _import,
    "module.createRequire": _create_require,
    "table.get": _get,
    "text.join": _join,
    "array.join": _join,
    "bytes.join": _join_bytes,
    "text.split": _split,
    "text.replace": _replace,
    "text.format": _format,
    "len": _length,
    "sizeof": _length,
    "strlen": _length,
    "bytes": _bytes,
    "bytearray": _bytes,
    "Number": _integer,
    "parseInt": _integer,
    **BUFFER_FUNCTIONS,
    "str": _text,
    "int": _integer,
    **dict.fromkeys(("dict", "collections.OrderedDict", "types.SimpleNamespace"), _dictionary),
    **dict.fromkeys(("Object.assign", "object-assign"), _assigned),
    **dict.fromkeys(("lodash.merge", "lodash.extend", "lodash.assign", "deepmerge", "extend", "xtend"), _copied),
    **dict.fromkeys(("lodash.defaults", "lodash.defaultsDeep"), _defaulted),
    "lodash.get": _entry_or,
    "Object.keys": _keys,
    "Object.values": _entries,
    "Object.entries": _pairs,
    "table.keys": _keys,
    "table.values": _entries,
    "table.items": _pairs,
    "Map": _map_of,
    "table.getOrDefault": _get,
    **callbacks.FUNCTIONS,
    **COMMAND_LINE_FUNCTIONS,
    **SCHEMA_FUNCTIONS,
    **C_FUNCTIONS,
    **CPP_FUNCTIONS,
    **JAVA_FUNCTIONS,
    **SETTING_FUNCTIONS,
    **PYTHON_FUNCTIONS,
    **GO_FUNCTIONS,
    **CONTAINER_FUNCTIONS,
    **INJECTED,
}
"""By full name; methods by the kind of their object: ``text``, ``bytes``, ``array``, ``table``, ``function``."""
