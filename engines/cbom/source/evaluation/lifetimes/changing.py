"""Tests of fields and variables that are set elsewhere: ``if self.key is None`` says nothing of later calls.

A method runs with an object of which only the constructor is known to have run, in dynamic languages whose classes
don't say which fields are constant; in Java, objects of which only the class is known have fields that others set.
"""

from __future__ import annotations

import re
from typing import Any

from engines.cbom.source.evaluation import operators
from engines.cbom.source.program import (
    Assign,
    Attempt,
    Binary,
    Branch,
    Call,
    Expression,
    Index,
    Loop,
    Member,
    Name,
    Statement,
    Unary,
)
from engines.cbom.source.values import Class, Instance, Known

_LANGUAGES = frozenset({"python", "javascript", "typescript", "tsx", "vue", "c"})

_UNSET = (None, "", b"")

_FORM = re.compile("^(?:is|get)(?=[A-Z])")
"""How the names of getters begin in Java."""

_MAX_PARTS = 16
_MAX_ABOVE = 4


def holds(evaluator: Any, test: Expression) -> bool | None:
    """Whether a condition holds; None if that isn't known, or may be otherwise in a later call."""
    held = operators.truth(evaluator.evaluate(test))
    source = evaluator.scope.source
    if held is not None and source.language == "java":
        return None if _reads_settable(evaluator, test) else held
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
            if _is_shared(evaluator, part.base.name) or any(
                _has(value, part.name) for value in evaluator.evaluate(part.base)
            ):
                return True
    return False


def _reads_settable(evaluator: Any, test: Expression) -> bool:
    """Whether ``test`` reads a field, also by its getter, that other classes or a setter may have set since.

    It has its first value in an object of which nothing else is known: one that a database or a container made.
    """
    waiting = [test]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return False
        part = waiting.pop()
        if isinstance(part, Unary):
            waiting.append(part.operand)
        elif isinstance(part, Binary):
            waiting += (part.left, part.right)
        elif isinstance(part, Name):
            scope = evaluator.scope.find(part.name)
            if scope is not None and scope.is_class and _may_set(evaluator.receiver_in(scope), part.name):
                return True
        else:
            read = part.callee if isinstance(part, Call) and not part.args else part
            if isinstance(read, Member) and isinstance(read.base, Name):
                name = read.name if read is part else _FORM.sub("", read.name)
                if any(_may_set(value, name) for value in evaluator.evaluate(read.base)):
                    return True
    return False


def _may_set(value: object, field: str) -> bool:
    """Whether code elsewhere may set a field of an object that is known by its class alone."""
    if not isinstance(value, Instance) or value is not value.of.sample or not field:
        return False
    return field in value.of.node.settable or f"set{field[0].upper()}{field[1:]}" in value.of.members


def _is_shared(evaluator: Any, name: str) -> bool:
    """Whether a variable is a file's in C: any function may set fields of its object, such as a program's options."""
    if evaluator.scope.source.language != "c":
        return False
    scope = evaluator.scope.find(name)
    return scope is not None and not scope.is_function and not scope.is_class


def _has(value: object, field: str) -> bool:
    if not isinstance(value, Instance):
        return False
    if value is not value.of.sample:  # What isn't set yet may be in a later call, though the object is known.
        return any(type(each) is Known and each.value in _UNSET for each in value.fields.get(field, ()))
    return field in value.fields or _declares(value.of, field)


def _declares(of: Class, field: str, depth: int = 0) -> bool:
    """Whether a class, or one above it, has an annotated field of which it gives the default (dataclasses)."""
    own = any(
        isinstance(each, Assign) and each.declared and isinstance(each.target, Name) and each.target.name == field
        for each in of.node.body
    )
    above = [base for base in of.bases if type(base) is Class] if depth < _MAX_ABOVE else []
    return own or any(_declares(base, field, depth + 1) for base in above)


def changed_in(loop: Loop) -> frozenset[str]:
    """The variables around a loop to which its body gives other values."""
    if loop.changed is None:
        found: set[str] = set()
        waiting: list[Statement] = [*loop.body]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Assign):
                if isinstance(each.target, Name) and not each.local:
                    found.add(each.target.name)
            elif isinstance(each, Branch):
                for _, body in each.arms:
                    waiting += body
            elif isinstance(each, Loop):
                found |= changed_in(each)
            elif isinstance(each, Attempt):
                waiting += [*each.body, *each.last]
                for body in each.handlers:
                    waiting += body
        loop.changed = frozenset(found)
    return loop.changed
