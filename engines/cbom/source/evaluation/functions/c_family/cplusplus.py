"""Functions of C++'s standard library whose results follow from their arguments, and that rules can't tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    WEAK_RANDOM,
    Array,
    Data,
    Known,
    Method,
    Ref,
    Table,
    Thing,
    Unknown,
    Values,
    constants,
    known,
    union,
    weak_among,
)

_BYTES = frozenset({"std.byte", "byte", "BYTE", "uchar", "Byte", "std.uint8_t"})
"""Names of the type of a byte, beside the language's own."""


def _container(_evaluator: Any, arguments: Arguments) -> Values:
    """A container: of listed elements, a number of equal ones, a copy, a range, or elements that are set later."""
    given = arguments.positional
    sizes = constants(given[0]) if given else []
    numbers = [size for size in sizes if isinstance(size, int)]
    if len(given) == 1 and not numbers:
        named = all(type(value) in (Ref, Method) for value in given[0])
        return (Data(CONSTANT),) if named else given[0]  # A library's constant is a size.
    if len(given) == 1 and _has_bytes(arguments) and len(sizes) == 1 and numbers[0] > 1:
        return (Data(CONSTANT, numbers[0]),)
    if len(given) == 2 and any(type(value) in (Data, Array) or _is_text(value) for value in given[0]):
        return given[0]
    if len(given) == 2 and len(numbers) == 1 and numbers[0] > 1:
        return (Data(CONSTANT, numbers[0]),) if constants(given[1]) else UNKNOWN
    return (Array(given),) if len(given) > 2 else (Table({}, open=True),)


def _array(evaluator: Any, arguments: Arguments) -> Values:
    """``std::array``, whose elements are there from the beginning."""
    if not arguments.positional and _has_bytes(arguments):
        return (Data(CONSTANT),)
    if arguments.positional and all(constants(values) == [0] for values in arguments.positional):
        return (Data(CONSTANT),)
    if len(arguments.positional) < 3 and any(constants(values) for values in arguments.positional):
        return (Array(arguments.positional),)
    return _container(evaluator, arguments)


def _has_bytes(arguments: Arguments) -> bool:
    """Whether a container has elements of a type of the language itself: bytes and numbers."""
    kinds = arguments.keywords.get("template", NOTHING)
    return any(type(kind) is Unknown or (type(kind) is Ref and kind.path in _BYTES) for kind in kinds)


def _is_text(value: object) -> bool:
    return type(value) is Known and isinstance(value.value, str)


def _string(_evaluator: Any, arguments: Arguments) -> Values:
    """``std::string``: a copy, a range, or a number of equal characters."""
    given = arguments.positional
    if not given:
        return known("")
    sizes = constants(given[0])
    if len(given) == 2 and len(sizes) == 1 and isinstance(sizes[0], int):
        return (Data(CONSTANT, sizes[0]),)
    return weak_among(given[:1]) or given[0]


def _drawn(evaluator: Any, arguments: Arguments) -> Values:
    """A distribution that is called: what its generator gives."""
    return _given_by(evaluator, arguments.at(0))


def _given_by(evaluator: Any, generators: Values) -> Values:
    found = [(each,) if type(each) is Data else evaluator.invoke(each, Arguments([], {})) for each in generators]
    return weak_among([union(found)]) or UNKNOWN


def _generate(evaluator: Any, arguments: Arguments) -> Values:
    """``std::generate(begin, end, generator)``, which fills a container."""
    if len(arguments.positional) < 3:
        return UNKNOWN
    site = evaluator.site()
    made = _given_by(evaluator, arguments.positional[2])
    for buffer in arguments.positional[0]:
        if type(buffer) is Data:
            weak = bool(made) and type(made[0]) is Data
            buffer.origin, buffer.made = (WEAK_RANDOM, made[0].made) if weak else ("", None)  # type: ignore[union-attr]
    filled = site.args[0] if site.args else None
    if isinstance(filled, program.Call) and isinstance(filled.callee, program.Member):
        filled = filled.callee.base
    if isinstance(filled, program.Name | program.Member):
        evaluator.tell_secret(filled.name, made, buffer=True)
        if not any(type(buffer) is Data for buffer in arguments.positional[0]):
            evaluator.assign(filled, made)
    return UNKNOWN


def _filled(evaluator: Any, arguments: Arguments) -> Values:
    """``std::fill(begin, end, value)``, by which a buffer has equal elements."""
    same = bool(arguments.positional) and bool(constants(arguments.positional[-1]))
    for buffer in arguments.positional[0] if arguments.positional else ():
        if type(buffer) is Data:
            buffer.origin, buffer.made = (CONSTANT if same else ""), None
    return (UNKNOWN[0],)  # Of a function that is known, unlike one that may fill its arguments.


def _engine(_evaluator: Any, arguments: Arguments) -> Values:
    """An adaptor of generators: ``std::independent_bits_engine<std::mt19937, 8, unsigned char>``."""
    kinds = arguments.keywords.get("template", NOTHING)
    return union((Thing(kind.path, {}),) for kind in kinds if type(kind) is Ref) or UNKNOWN


def pointed(evaluator: Any, arguments: Arguments) -> Values:
    """``key.get()`` of a smart pointer: the object itself. Other languages have methods of that name."""
    receiver = arguments.receiver
    if evaluator.scope.source.language == "cpp" and not arguments.positional:
        return receiver or UNKNOWN
    return weak_among([receiver]) or UNKNOWN


CPP_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(("std.vector", "std.map", "std.unordered_map", "std.list", "std.deque"), _container),
    "std.array": _array,
    **dict.fromkeys(("std.string", "std.wstring", "std.basic_string", "QByteArray", "QString"), _string),
    **dict.fromkeys(("std.fill", "std.fill_n", "std.ranges.fill"), _filled),
    "std.distribution.__call__": _drawn,
    "std.generate": _generate,
    "std.generate_n": _generate,
    "std.independent_bits_engine": _engine,
}
"""By full name."""
