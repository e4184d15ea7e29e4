"""Runs of functions: their results, and whether they completed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engines.cbom.source.program import Assign, Call, Function, Name, Return
from engines.cbom.source.values import NOTHING, Closure, Known, Values

MAX_CALLS = 6
"""The greatest depth of calls that are followed: wrappers of wrappers are rare beyond three."""

MAX_USES = 1000
"""The most sets of arguments with which one macro is expanded."""

MAX_CONTEXTS = 12
"""The most sets of arguments with which one function is run."""

MAX_CONTEXTS_OF_SHORT = 24
_SHORT = 2
"""The most statements of a function that is short."""

MAX_ANONYMOUS = 12
"""The greatest depth with functions without a name: callbacks and comprehensions."""


def too_deep(running: Sequence[Closure]) -> bool:
    """Whether no more calls are followed from within these functions."""
    depth = len(running)
    return depth >= MAX_ANONYMOUS or (
        depth >= MAX_CALLS and sum(1 for closure in running if closure.function.name) >= MAX_CALLS
    )


_SCOPE = 1
"""The place, in what tells the runs of a function apart, of the scope of the function that made it."""


def is_factory(function: Function) -> bool:
    """Whether a function does nothing but make an object, which is another one each time."""
    if len(function.body) != 1:
        return False
    last = function.body[0]
    return type(last) is Return and type(last.value) is Call and last.value.creates


def most_contexts(function: Function) -> int:
    """The most sets of arguments with which a function is run: getters and setters have many, which cost little."""
    if function.macro:
        return MAX_USES
    return MAX_CONTEXTS if len(function.body) > _SHORT else MAX_CONTEXTS_OF_SHORT


def passed_on(function: Function, given: Sequence[Values]) -> Values:
    """The argument that a function gives back as it is, ``must(value, err)``; NOTHING if it doesn't end with that."""
    last = function.body[-1] if function.body else None
    if type(last) is not Return or type(last.value) is not Name:
        return NOTHING
    names = [each.name for each in function.parameters]
    position = names.index(last.value.name) if last.value.name in names else len(given)
    changed = any(type(each) is Assign for each in function.body)
    return NOTHING if changed or position >= len(given) else given[position]


class Runs:
    """The runs of all functions of a program, by what tells one run from another (``context_of``)."""

    def __init__(self) -> None:
        self._results: dict[int, dict[Any, Values]] = {}
        self._cut: set[int] = set()
        self._silent: set[tuple[int, Any]] = set()
        self._making: set[tuple[int, Any]] = set()

    def of(self, function: Function) -> dict[Any, Values]:
        """The results of a function by their contexts."""
        found = self._results.get(id(function))
        if found is None:
            found = self._results[id(function)] = {}
        return found

    def reached(self, function: Function) -> bool:
        """Whether a function was run, and not only cut off."""
        return bool(self._results.get(id(function))) and id(function) not in self._cut

    def is_variant(self, closure: Closure) -> bool:
        """Whether a function that was run has other constants of the function that made it: ``hasher("md5")``."""
        scope = closure.scope
        captured = scope.names.values() if scope.is_function else ()
        if not any(type(value) is Known for values in captured for value in values):
            return False
        return all(context[_SCOPE] is not scope for context in self._results.get(id(closure.function), ()))

    def cut(self, functions: Iterable[Function]) -> None:
        """Note functions that weren't run to the end: they called too deep, or took too long."""
        self._cut.update(map(id, functions))

    def keep_silent(self, macro: Function, context: Any) -> None:
        """Note that nothing is called in a run of a macro, so that its result may be taken again."""
        self._silent.add((id(macro), context))

    def is_silent(self, macro: Function, context: Any) -> bool:
        """Whether that was noted."""
        return (id(macro), context) in self._silent

    def note_making(self, function: Function, context: Any, *, made: bool) -> None:
        """Note whether a run returned random data that it ``made``: other ones each time."""
        if made:
            self._making.add((id(function), context))

    def makes(self, function: Function, context: Any) -> bool:
        """Whether that was noted."""
        return (id(function), context) in self._making
