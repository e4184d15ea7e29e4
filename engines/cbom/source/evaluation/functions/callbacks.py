"""Functions that call their function arguments: ``map``, ``then``, ``call``, executors.

By their names alone, whatever object they belong to: promises, arrays and executors are mostly made by code that isn't
followed, and a function that is called with what isn't known tells at least what it does itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engines.cbom.source.evaluation.functions.c_family.cplusplus import pointed
from engines.cbom.source.evaluation.rules import Arguments, fact_of, first_of
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    Array,
    Bound,
    Class,
    Closure,
    Data,
    Instance,
    Known,
    Method,
    Ref,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    constants,
    is_static,
    union,
    weak_among,
)

MAX_MODULES = 64
"""The most modules that one file gets from its loader."""

MAX_ELEMENTS = 8
"""The most elements for each of which a function is run; more are taken together."""


def _functions(values: Values) -> list[Value]:
    return [value for value in values if isinstance(value, Closure | Bound | Ref | Method)]


def _invoke(evaluator: Any, functions: Values, arguments: Iterable[Values]) -> Values:
    """The result of each of ``functions`` with these arguments."""
    given = list(arguments)
    return union(evaluator.invoke(each, Arguments(list(given), {})) for each in _functions(functions))


def _elements(values: Values) -> list[Values]:
    items = [item for value in values if type(value) is Array for item in value.items]
    return (items if len(items) <= MAX_ELEMENTS else [union(items)]) or [UNKNOWN]


def _mapped(evaluator: Any, functions: Values, values: Values) -> Values:
    if not _functions(functions):
        return UNKNOWN
    evaluator.loops += 1  # One nonce for all elements is one that is used again.
    try:
        return (Array([_invoke(evaluator, functions, [item]) or UNKNOWN for item in _elements(values)]),)
    finally:
        evaluator.loops -= 1


def _map(evaluator: Any, arguments: Arguments) -> Values:
    """An array's ``map``."""
    return _mapped(evaluator, arguments.at(0), arguments.receiver)


def _each(evaluator: Any, arguments: Arguments) -> Values:
    """An array's ``forEach``, and others that ask a function about each element and give elements."""
    _mapped(evaluator, arguments.at(0), arguments.receiver)
    return arguments.receiver or UNKNOWN


def _one(evaluator: Any, arguments: Arguments) -> Values:
    """An array's ``find``."""
    _mapped(evaluator, arguments.at(0), arguments.receiver)
    return (union(_elements(arguments.receiver)) if _functions(arguments.at(0)) else NOTHING) or UNKNOWN


def _reduce(evaluator: Any, arguments: Arguments) -> Values:
    """An array's ``reduce``: one step."""
    return _invoke(evaluator, arguments.at(0), [arguments.at(1) or UNKNOWN, UNKNOWN]) or UNKNOWN


def _then(evaluator: Any, arguments: Arguments) -> Values:
    """A promise is its value, so ``then`` gives that to its function, once."""
    evaluator.nonces.single = True
    return _invoke(evaluator, arguments.at(0), [arguments.receiver]) or UNKNOWN


def _same(_evaluator: Any, arguments: Arguments) -> Values:
    return arguments.receiver or UNKNOWN


def _call(evaluator: Any, arguments: Arguments) -> Values:
    """``f.call(self, a, b)``; ``Base.call(this, a)`` lets the class above fill an object."""
    for receiver in arguments.at(0):
        for value in arguments.receiver:
            if isinstance(receiver, Instance) and isinstance(value, Class):
                for each in value.members.get("constructor", NOTHING):
                    if isinstance(each, Closure):
                        bound = Closure(each.function, each.scope, each.owner, receiver)
                        evaluator.invoke(bound, Arguments(arguments.positional[1:], {}))
    return _invoke(evaluator, arguments.receiver, arguments.positional[1:]) or UNKNOWN


def _apply(evaluator: Any, arguments: Arguments) -> Values:
    """``f.apply(self, [a, b])``."""
    return _invoke_listed(evaluator, arguments.receiver, arguments.at(1))


def _reflected(evaluator: Any, arguments: Arguments) -> Values:
    """``Reflect.apply(f, self, [a, b])``."""
    return _invoke_listed(evaluator, arguments.at(0), arguments.at(2))


def _invoke_listed(evaluator: Any, functions: Values, listed: Values) -> Values:
    lists = [value for value in listed if type(value) is Array]
    return _invoke(evaluator, functions, lists[0].items if lists else []) or UNKNOWN


def _bind(_evaluator: Any, arguments: Arguments) -> Values:
    """``f.bind(self, a)``."""
    return (Bound(arguments.receiver, arguments.positional[1:], {}),) if arguments.receiver else UNKNOWN


def _chosen(_evaluator: Any, arguments: Arguments) -> Values:
    """A text's ``charAt`` or ``substr``: what a weak generator chooses is as weak."""
    return weak_among(arguments.positional) or arguments.receiver or UNKNOWN


def _filled(_evaluator: Any, arguments: Arguments) -> Values:
    """``Array(16).fill(0)``: what isn't known before is constant then."""
    unknown = all(type(value) is Unknown for value in arguments.receiver)
    filled = unknown and bool(arguments.at(0)) and all(map(is_static, arguments.at(0)))
    return (Data(CONSTANT),) if filled else arguments.receiver or UNKNOWN


def _submit(evaluator: Any, arguments: Arguments) -> Values:
    """``executor.submit(f, a)``, ``asyncio.to_thread(f, a)``."""
    return _invoke(evaluator, arguments.at(0), arguments.positional[1:]) or UNKNOWN


def _run_in_executor(evaluator: Any, arguments: Arguments) -> Values:
    """``loop.run_in_executor(executor, f, a)``."""
    return _invoke(evaluator, arguments.at(1), arguments.positional[2:]) or UNKNOWN


def _thread(evaluator: Any, arguments: Arguments) -> Values:
    """Python's ``Thread(target=f, args=(a,))``."""
    lists = [value for value in arguments.keywords.get("args", NOTHING) if type(value) is Array]
    _invoke(evaluator, arguments.keywords.get("target", NOTHING), lists[0].items if lists else [])
    return UNKNOWN


def _map_function(evaluator: Any, arguments: Arguments) -> Values:
    """Python's ``map(f, items)``."""
    return _mapped(evaluator, arguments.at(0), arguments.at(1))


def _array_from(evaluator: Any, arguments: Arguments) -> Values:
    """``Array.from(items, f)``."""
    if len(arguments.positional) < 2:
        return arguments.at(0) or UNKNOWN
    return _mapped(evaluator, arguments.at(1), arguments.at(0))


def _times(evaluator: Any, arguments: Arguments) -> Values:
    """lodash's ``times(n, f)``."""
    return _mapped(evaluator, arguments.at(1), UNKNOWN)


def _made(evaluator: Any, arguments: Arguments) -> Values:
    """React's ``useMemo(() => value, [])``."""
    return _invoke(evaluator, arguments.at(0), []) or UNKNOWN


def _state(evaluator: Any, arguments: Arguments) -> Values:
    """React's ``useState(value)``, also with a function that makes it. Later it is what the user chose."""
    given = arguments.at(0)
    return (Array([union((_invoke(evaluator, given, []) or given, UNKNOWN)), UNKNOWN]),)


def _cell(evaluator: Any, arguments: Arguments) -> Values:
    """React's ``useRef(value)``, Vue's ``ref(value)``."""
    given = union((arguments.at(0), UNKNOWN))
    return (Table({"current": given, "value": given, "\0cell": given}, open=True),)


def _define(evaluator: Any, arguments: Arguments) -> Values:
    """``define(["a", "b"], function (a, b) { return exports; })``, and ``require`` with a list (AMD)."""
    lists = [value for values in arguments.positional for value in values if type(value) is Array]
    names = [constants(item) for item in lists[0].items[:MAX_MODULES]] if lists else []
    given = [evaluator.imported(name[0]) if name and isinstance(name[0], str) else UNKNOWN for name in names]
    functions = arguments.positional[-1] if arguments.positional else NOTHING
    result = _invoke(evaluator, functions, given) or functions
    if result and lists and evaluator.scope.parent is None:
        evaluator.scope.set("default", result)
    return UNKNOWN


def _register_later(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``JwtModule.registerAsync({ useFactory: () => options })``."""
    for table in arguments.at(0):
        factories = table.entries.get("useFactory", NOTHING) if isinstance(table, Table) else NOTHING
        options = _invoke(evaluator, factories, [])
        if options:
            evaluator.invoke(Ref("@nestjs/jwt.JwtModule.register"), Arguments([options], {}))
    return UNKNOWN


_RESOLVER = "Promise.resolver"
_RESOLVED = "value"


def _promise(evaluator: Any, arguments: Arguments) -> Values:
    """``new Promise((resolve, reject) => ...)``: what is resolved, also by functions that others call later."""
    resolver = Thing(_RESOLVER, {})
    before = len(evaluator.made)
    _invoke(evaluator, arguments.at(0), [(resolver,), UNKNOWN])
    for closure in evaluator.made[before : before + MAX_ELEMENTS]:
        evaluator.run(closure, Arguments([], {}, incomplete=True))
    return resolver.facts.get(_RESOLVED) or UNKNOWN


def _resolve(_evaluator: Any, arguments: Arguments) -> Values:
    for resolver in arguments.receiver:
        if type(resolver) is Thing:
            resolver.facts[_RESOLVED] = union((resolver.facts.get(_RESOLVED, NOTHING), arguments.at(0)))
    return UNKNOWN


def _computed(evaluator: Any, arguments: Arguments) -> Values:
    """``map.computeIfAbsent(key, f)``."""
    return _invoke(evaluator, arguments.at(1), [arguments.at(0)]) or UNKNOWN


METHODS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(("map", "flatMap", "mapToObj", "mapToInt", "mapToLong", "mapToDouble"), _map),
    "computeIfAbsent": _computed,
    "forEach": _each,
    "filter": _each,
    "sort": _each,
    "find": _one,
    "reduce": _reduce,
    "then": _then,
    "catch": _same,
    "finally": _same,
    "call": _call,
    "apply": _apply,
    "bind": _bind,
    "charAt": _chosen,
    "charCodeAt": _chosen,
    "at": _chosen,
    "substring": _chosen,
    "substr": _chosen,
    "get": pointed,
    "fill": _filled,
    "submit": _submit,
    "run_in_executor": _run_in_executor,
}
"""By the name of the method."""

FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    "map": _map_function,
    **dict.fromkeys(("Array.from", "Uint8Array.from", "Uint32Array.from"), _array_from),
    **{f"{kind}.{name}": _chosen for kind in ("text", "bytes") for name in ("substring", "substr", "slice")},
    "lodash.times": _times,
    **dict.fromkeys(("define", "requirejs"), _define),
    **dict.fromkeys(("react.useMemo", "vue.computed"), _made),
    "react.useState": _state,
    **dict.fromkeys(("react.useRef", "vue.ref", "vue.shallowRef"), _cell),
    "@nestjs/jwt.JwtModule.registerAsync": _register_later,
    "Reflect.apply": _reflected,
    "Promise": _promise,
    f"{_RESOLVER}.__call__": _resolve,
    "asyncio.to_thread": _submit,
    "threading.Thread": _thread,
    "multiprocessing.Process": _thread,
    "asyncio.get_event_loop.run_in_executor": _run_in_executor,
}
"""By the full name."""


def returned_key(evaluator: Any, values: Values) -> Values:
    """A key that a function of the program returns to the library that calls it."""
    if not any(type(value) is Closure for value in values):
        return values
    unknown = Arguments([], {}, incomplete=True)
    results = (evaluator.run(value, unknown) if type(value) is Closure else (value,) for value in values)
    return union(tuple(first_of(each)) for each in results)


def made_hash(evaluator: Any, values: Values) -> Values:
    """The hash that a function without arguments makes (Go): a literal that returns one, or ``crypto.SHA256.New``."""
    return fact_of(union(_made_by(evaluator, value) for value in values), "hash")


def _made_by(evaluator: Any, function: Value) -> Values:
    if type(function) is Closure and not function.function.parameters:
        return first_of(evaluator.run(function, Arguments([], {})))
    if type(function) is Method and type(function.receiver) is Known:
        return (function.receiver,)
    return (function,)
