"""Tests of fields and variables that other functions may set: ``if self.key is None`` says nothing of later calls.

A method runs with an object of which only the constructor is known to have run, in dynamic languages whose classes
don't say which fields are constant.
"""

from __future__ import annotations

from typing import Any

from engines.cbom.source.evaluation import operators
from engines.cbom.source.program import Binary, Expression, Index, Member, Name, Unary
from engines.cbom.source.values import Instance

_LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx", "vue"})

_MAX_PARTS = 16


def holds(evaluator: Any, test: Expression) -> bool | None:
    """Whether a condition holds; None if that isn't known, or may be otherwise in a later call."""
    held = operators.truth(evaluator.evaluate(test))
    source = evaluator.scope.source
    if held is None or (source.language not in _LANGUAGES and not source.reassigned):
        return held
    return None if _may_change(evaluator, test) else held


def _may_change(evaluator: Any, test: Expression) -> bool:
    """Whether ``test`` reads a field that the object of a method has from its constructor, or a variable of a function
    around, or of the file, that is set again somewhere."""
    waiting = [test]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return False
        part = waiting.pop()
        if isinstance(part, Name) and part.name in evaluator.scope.source.reassigned:
            if evaluator.scope.find(part.name) is not evaluator.scope:
                return True
        if isinstance(part, Unary):
            waiting.append(part.operand)
        elif isinstance(part, Binary):
            waiting += (part.left, part.right)
        elif isinstance(part, Index):
            waiting.append(part.base)
        elif isinstance(part, Member) and isinstance(part.base, Name):
            if any(_has(value, part.name) for value in evaluator.evaluate(part.base)):
                return True
    return False


def _has(value: object, field: str) -> bool:
    return isinstance(value, Instance) and value is value.of.sample and field in value.fields
