"""Methods of Java's texts, collections and properties whose results follow from their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.functions.buffers import write_into
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Closure,
    Known,
    Table,
    Value,
    Values,
    known,
    sole,
    union,
    weak_among,
)

_PATTERN = re.compile(r"[\\^$.|?*+()\[\]{}]")
"""What makes a text a pattern, or its replacement one."""

_MAX_NEW = 256
"""The longest text that stands in for another one."""

UNKNOWN_RESULT: Values = (UNKNOWN[0],)
"""The result of a function that returns nothing, and tells itself what becomes of its arguments."""


def _equals(_evaluator: Any, arguments: Arguments) -> Values:
    return operators.binary("==", arguments.receiver, arguments.positional[0]) if arguments.positional else UNKNOWN


def _equals_ignoring_case(_evaluator: Any, arguments: Arguments) -> Values:
    own, other = sole(arguments.receiver), sole(arguments.positional[0]) if arguments.positional else None
    if isinstance(own, str) and isinstance(other, str):
        return known(own.lower() == other.lower())
    return UNKNOWN


def _appended(_evaluator: Any, arguments: Arguments) -> Values:
    return operators.binary("+", arguments.receiver, arguments.positional[0]) if arguments.positional else UNKNOWN


def _reversed(_evaluator: Any, arguments: Arguments) -> Values:
    own = sole(arguments.receiver)
    return known(own[::-1]) if isinstance(own, str) else UNKNOWN


def _substring(_evaluator: Any, arguments: Arguments) -> Values:
    own = sole(arguments.receiver)
    bounds = [bound for bound in map(sole, arguments.positional) if isinstance(bound, int) and bound >= 0]
    if not isinstance(own, str) or len(bounds) not in (1, 2) or len(bounds) != len(arguments.positional):
        return UNKNOWN
    return known(own[bounds[0] :] if len(bounds) == 1 else own[bounds[0] : bounds[1]])


def _character(_evaluator: Any, arguments: Arguments) -> Values:
    weak = weak_among(arguments.positional)
    if weak:
        return weak
    own, position = sole(arguments.receiver), sole(arguments.positional[0]) if arguments.positional else None
    if isinstance(own, str) and isinstance(position, int) and 0 <= position < len(own):
        return known(own[position])
    return UNKNOWN


def _text(_evaluator: Any, arguments: Arguments) -> Values:
    """``new String(...)`` and ``String.valueOf(...)``."""
    if not arguments.positional:
        return known("")
    return union(_as_text(value) for value in arguments.positional[0])


def _as_text(value: Value) -> Values:
    """The text that bytes or characters are, if they are constants and ASCII."""
    if type(value) is Known and isinstance(value.value, bytes) and value.value.isascii():
        return known(value.value.decode("ascii"))
    if type(value) is not Array or not 0 < len(value.items) <= operators.MAX_TEMPLATE:
        return (value,)
    parts = [sole(item) for item in value.items]
    letters = [chr(part) if type(part) is int and 0 < part < 128 else part for part in parts]
    texts = [part for part in letters if isinstance(part, str)]
    return known("".join(texts)) if len(texts) == len(parts) else (value,)


def _replaced(evaluator: Any, arguments: Arguments) -> Values:
    """``replaceAll`` and ``replaceFirst`` with texts that aren't patterns."""
    parts = [sole(values) for values in (arguments.receiver, *arguments.positional[:2])]
    texts = [part for part in parts if isinstance(part, str)]
    if (
        len(texts) != 3
        or len(texts[2]) > _MAX_NEW
        or (evaluator.methods_apart and _PATTERN.search(texts[1] + texts[2]))
    ):
        return UNKNOWN
    return operators.bounded(texts[0].replace(texts[1], texts[2]))


def _repeated(_evaluator: Any, arguments: Arguments) -> Values:
    own, count = sole(arguments.receiver), sole(arguments.at(0))
    if not isinstance(own, str) or type(count) is not int or not 0 <= count * len(own) <= operators.MAX_TEMPLATE:
        return UNKNOWN
    return known(own * count)


def _least(_evaluator: Any, arguments: Arguments) -> Values:
    return _chosen(min, arguments)


def _greatest(_evaluator: Any, arguments: Arguments) -> Values:
    return _chosen(max, arguments)


def _chosen(choose: Callable[[list[int]], int], arguments: Arguments) -> Values:
    """One of several numbers, if all are known."""
    numbers = [number for number in map(sole, arguments.positional) if type(number) is int]
    return known(choose(numbers)) if numbers and len(numbers) == len(arguments.positional) else UNKNOWN


def _formatted(_evaluator: Any, arguments: Arguments) -> Values:
    """``String.format(template, ...)`` and ``template.formatted(...)`` with ``%s`` and ``%d`` alone."""
    weak = weak_among(arguments.positional)
    if weak:
        return weak
    given, *parts = [*([arguments.receiver] if arguments.receiver else []), *arguments.positional] or [NOTHING]
    template = sole(given)
    if not isinstance(template, str) or len(template) > operators.MAX_TEMPLATE:
        return UNKNOWN
    first, *pieces = template.replace("%d", "%s").split("%s")
    if len(pieces) != len(parts) or any("%" in piece for piece in (first, *pieces)):
        return UNKNOWN
    result = known(first)
    for part, piece in zip(parts, pieces, strict=True):
        result = operators.binary("+", operators.binary("+", result, part), known(piece))
    return result


def _number(_evaluator: Any, arguments: Arguments) -> Values:
    text = sole(arguments.positional[0]) if arguments.positional else None
    if isinstance(text, str) and text.strip().lstrip("-").isdecimal() and len(text) < 20:
        return known(int(text))
    return arguments.positional[0] if arguments.positional else UNKNOWN


def _list(_evaluator: Any, arguments: Arguments) -> Values:
    """A list of its arguments; of one array, those of the array."""
    if len(arguments.positional) == 1 and all(type(value) is Array for value in arguments.positional[0]):
        return arguments.positional[0]
    return UNKNOWN if arguments.incomplete else (Array(list(arguments.positional)),)


def _empty_list(_evaluator: Any, arguments: Arguments) -> Values:
    copied = [value for values in arguments.positional for value in values if type(value) is Array]
    return (Array([item for value in copied for item in value.items]),)


def _add(_evaluator: Any, arguments: Arguments) -> Values:
    for value in arguments.receiver:
        if type(value) is Array and arguments.positional:
            value.items.append(arguments.positional[-1])
    return known(True)


def _element(evaluator: Any, arguments: Arguments) -> Values:
    if not arguments.positional:  # Of an Optional.
        return _any_element(evaluator, arguments)
    position = arguments.positional[0]
    return union(evaluator.element(value, position) for value in arguments.receiver) or UNKNOWN


def _any_element(_evaluator: Any, arguments: Arguments) -> Values:
    return union(item for value in arguments.receiver if type(value) is Array for item in value.items) or UNKNOWN


def _collected(_evaluator: Any, arguments: Arguments) -> Values:
    """What a stream's elements become: a list, or a text."""
    return weak_among([arguments.receiver]) or arguments.receiver


def _generated(evaluator: Any, arguments: Arguments) -> Values:
    """``Stream.generate(f)``."""
    made = union(evaluator.invoke(each, Arguments([], {})) for each in arguments.at(0) if type(each) is Closure)
    return (Array([made or UNKNOWN]),)


def _joined(_evaluator: Any, arguments: Arguments) -> Values:
    """``String.join(separator, parts)``, also with one list of them."""
    weak = weak_among(arguments.positional)
    if weak:
        return weak
    given = arguments.positional[1:]
    lists = [value for values in given for value in values if type(value) is Array]
    parts = [sole(values) for values in (lists[0].items if len(given) == len(lists) == 1 else given)]
    separator = sole(arguments.at(0))
    if not isinstance(separator, str) or not all(isinstance(part, str) for part in parts):
        return UNKNOWN
    return operators.bounded(separator.join(map(str, parts)))


def _empty_map(_evaluator: Any, _arguments: Arguments) -> Values:
    return (Table({}),)


def _map(_evaluator: Any, arguments: Arguments) -> Values:
    """``Map.of(key, value, ...)``."""
    result = Table({})
    for key, values in zip(arguments.positional[::2], arguments.positional[1::2], strict=False):
        _enter(result, key, values)
    return (result,)


def _put(_evaluator: Any, arguments: Arguments) -> Values:
    for value in arguments.receiver:
        if type(value) is Table and len(arguments.positional) > 1:
            _enter(value, *arguments.positional[:2])
    return UNKNOWN


def _enter(table: Table, key: Values, values: Values) -> None:
    for each in key:
        if type(each) is Known:
            table.entries[each.value] = values
        else:
            table.open = True


def _property(evaluator: Any, arguments: Arguments) -> Values:
    """A setting of the program's property files, else the default that the call gives."""
    name = sole(arguments.positional[0]) if arguments.positional else None
    own = [value.entries.get(name, NOTHING) for value in arguments.receiver if type(value) is Table]
    found = union(own) or (evaluator.files.setting(name) if isinstance(name, str) else NOTHING)
    return found or (arguments.positional[1] if len(arguments.positional) > 1 else UNKNOWN)


def _settings(_evaluator: Any, _arguments: Arguments) -> Values:
    """``new Properties()``, which may read a file."""
    return (Table({}, open=True),)


def _pairs_of(_evaluator: Any, arguments: Arguments) -> Values:
    """``Map.ofEntries(Map.entry(key, value), ...)``, whose entries are maps of one pair."""
    result = Table({})
    for value in [each for values in arguments.positional for each in values]:
        if type(value) is Table:
            result.entries.update(value.entries)
        else:
            result.open = True
    return (result,)


def _put_bytes(_evaluator: Any, arguments: Arguments) -> Values:
    """A ``ByteBuffer``'s ``put``, ``putLong``, also at a position."""
    write_into(arguments.receiver, union(arguments.positional))
    return arguments.receiver


def _filled(_evaluator: Any, arguments: Arguments) -> Values:
    """``Arrays.fill(buffer, value)``, also with bounds."""
    write_into(arguments.at(0), arguments.positional[-1] if arguments.positional else UNKNOWN)
    return UNKNOWN_RESULT


def _copied(_evaluator: Any, arguments: Arguments) -> Values:
    """``System.arraycopy(source, from, target, to, count)``."""
    write_into(arguments.at(2), arguments.at(0))
    return UNKNOWN_RESULT


def _optional(_evaluator: Any, arguments: Arguments) -> Values:
    """An ``Optional`` is a list of its value, which may be empty where that isn't known."""
    return (Array(list(arguments.positional[:1])),)


def _or_else(evaluator: Any, arguments: Arguments) -> Values:
    """What an ``Optional`` holds, or the other value where that isn't known."""
    held = union(item for value in arguments.receiver if type(value) is Array for item in value.items)
    if held and all(type(value) is Known for value in held):
        return held
    given = arguments.at(0)
    others = union(evaluator.invoke(each, Arguments([], {})) if type(each) is Closure else (each,) for each in given)
    return union((held or UNKNOWN, others))


_MAPS = ("HashMap", "LinkedHashMap", "TreeMap", "Hashtable", "concurrent.ConcurrentHashMap")
_LISTS = ("ArrayList", "LinkedList", "Vector", "HashSet", "LinkedHashSet", "concurrent.CopyOnWriteArrayList")
"""Collections without elements, in ``java.util``."""

JAVA_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "text.equals": _equals,
    **dict.fromkeys(("java.lang.String", "java.lang.String.valueOf"), _text),
    "text.replaceAll": _replaced,
    "text.repeat": _repeated,
    "java.lang.Math.min": _least,
    "java.lang.Math.max": _greatest,
    "text.contentEquals": _equals,
    "number.equals": _equals,
    "text.equalsIgnoreCase": _equals_ignoring_case,
    "text.append": _appended,
    "text.concat": _appended,
    "text.reverse": _reversed,
    "text.substring": _substring,
    "text.charAt": _character,
    "text.formatted": _formatted,
    "java.lang.String.format": _formatted,
    "java.lang.Integer.parseInt": _number,
    "java.lang.Long.parseLong": _number,
    "java.util.Arrays.asList": _list,
    "java.util.Arrays.fill": _filled,
    "java.lang.System.arraycopy": _copied,
    "java.util.List.of": _list,
    "java.util.stream.Stream.of": _list,
    **dict.fromkeys((f"java.util.stream.{kind}.generate" for kind in ("Stream", "IntStream")), _generated),
    "array.collect": _collected,
    "java.lang.String.join": _joined,
    "java.util.Set.of": _list,
    "java.util.Map.of": _map,
    "java.util.Map.entry": _map,
    "java.util.Map.ofEntries": _pairs_of,
    "java.util.Properties": _settings,
    "java.util.Optional.of": _optional,
    "java.util.Optional.ofNullable": _optional,
    "java.util.Optional.empty": _empty_list,
    **dict.fromkeys((f"bytes.put{kind}" for kind in ("", "Int", "Long", "Short", "Char")), _put_bytes),
    "array.orElse": _or_else,
    "array.orElseGet": _or_else,
    "array.orElseThrow": _any_element,
    "array.add": _add,
    "array.get": _element,
    "array.remove": _element,
    "array.elementAt": _element,
    "array.getFirst": _any_element,
    "array.next": _any_element,
    "array.getLast": _any_element,
    "table.put": _put,
    "table.putIfAbsent": _put,
    "table.setProperty": _put,
    "table.getProperty": _property,
    "java.util.Properties.getProperty": _property,
    "java.util.ResourceBundle.getString": _property,
}
JAVA_FUNCTIONS |= {f"java.util.{name}": _empty_map for name in _MAPS}
JAVA_FUNCTIONS |= {f"java.util.{name}": _empty_list for name in _LISTS}
