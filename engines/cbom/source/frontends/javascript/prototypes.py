"""Classes as JavaScript had them before 2015: a function that makes objects, and its prototype with their methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engines.cbom.source.program import (
    Assign,
    Call,
    Class,
    Const,
    Evaluate,
    Expression,
    Function,
    Mapping,
    Member,
    Name,
    Parameter,
    Sequence,
    Statement,
)

THIS = "this"
_CONSTRUCTOR = "constructor"
_PROTOTYPE = "prototype"
_PAIR = 2


def with_classes(body: list[Statement]) -> list[Statement]:
    """Statements of a block, with a class instead of each function whose prototype they fill."""
    parts = [(each, _of_prototype(each)) for each in body]
    members: dict[str, list[Statement]] = {}
    for _, found in parts:
        if found is not None:
            members.setdefault(found[0], []).extend(found[1])
    makers = {name: maker for each in body for name, maker in _maker(each) if name in members or _is_class(maker)}
    made: list[Statement] = []
    for each, found in parts:
        maker = next(iter(_maker(each)), ("", None))[0]
        if maker in makers and _maker_of(each) is makers[maker]:
            made.append(_class(makers[maker], maker, members.get(maker, [])))
        elif found is None or found[0] not in makers:
            made.append(each)
    return made


def _maker(statement: Statement) -> Iterator[tuple[str, Function]]:
    """The function that a statement defines, with its name."""
    function = _maker_of(statement)
    if function is not None and function.name:
        yield function.name, function


def _maker_of(statement: Statement) -> Function | None:
    if isinstance(statement, Function):
        return statement
    if isinstance(statement, Assign) and isinstance(statement.target, Name) and isinstance(statement.value, Function):
        return statement.value if statement.value.name == statement.target.name else None
    return None


def _is_class(function: Function) -> bool:
    """Whether a function without a prototype makes objects: it is named like a class, and sets members of ``this``."""
    return function.name[:1].isupper() and any(
        isinstance(each, Assign)
        and isinstance(each.target, Member)
        and isinstance(each.target.base, Name)
        and each.target.base.name == THIS
        for each in function.body
    )


def _class(maker: Function, name: str, members: list[Statement]) -> Class:
    parameters = maker.parameters
    if not parameters or parameters[0].name != THIS:
        parameters = [Parameter(THIS), *parameters]
    bases = [each.value for each in members if isinstance(each, Evaluate)]
    methods = [each for each in members if not isinstance(each, Evaluate)]
    return Class(name, bases, [replace(maker, name=_CONSTRUCTOR, parameters=parameters), *methods], maker.line)


def _of_prototype(statement: Statement) -> tuple[str, list[Statement]] | None:
    """The class whose prototype a statement fills, and the members; an expression among them is the class above."""
    if isinstance(statement, Assign) and isinstance(statement.target, Member) and statement.value is not None:
        target, value = statement.target, statement.value
        if target.name == _PROTOTYPE and isinstance(target.base, Name):
            above = _above(value)
            if above is not None:
                return target.base.name, [Evaluate(above)]
            return (target.base.name, list(_members(value))) if isinstance(value, Mapping) else None
        owner = _owner(target.base)
        return (owner, [_member(target.name, value, statement.line)]) if owner else None
    if isinstance(statement, Evaluate) and isinstance(statement.value, Call):
        return _called(statement.value)
    return None


def _called(call: Call) -> tuple[str, list[Statement]] | None:
    """``Object.assign(A.prototype, {...})``, ``util.inherits(A, B)``, and what compilers make of classes."""
    name = call.callee.name if isinstance(call.callee, Name | Member) else ""
    if len(call.args) < _PAIR:
        return None
    first, second = call.args[:2]
    if name in ("assign", "extend"):
        owner = _owner(first)
        return (owner, list(_members(second))) if owner and isinstance(second, Mapping) else None
    if not isinstance(first, Name):
        return None
    if name in ("inherits", "_inherits", "__extends"):
        return first.name, [Evaluate(second)]
    if name.endswith("createClass") and isinstance(second, Sequence):
        return first.name, [member for item in second.items for member in _described(item)]
    return None


def _described(item: Expression) -> Iterator[Statement]:
    """``{ key: "name", value: function () {} }``."""
    pairs = item.pairs if isinstance(item, Mapping) else []
    entries = {key.value: value for key, value in pairs if isinstance(key, Const)}
    key, value = entries.get("key"), entries.get("value")
    if isinstance(key, Const) and value is not None:
        yield _member(str(key.value), value, 0)


def _owner(node: Expression) -> str:
    """The ``A`` of ``A.prototype``."""
    if isinstance(node, Member) and node.name == _PROTOTYPE and isinstance(node.base, Name):
        return node.base.name
    return ""


def _above(value: Expression) -> Expression | None:
    """The ``B`` of ``Object.create(B.prototype)`` and ``new B()``."""
    if not isinstance(value, Call):
        return None
    if value.creates:
        return value.callee
    first = value.args[0] if value.args else None
    created = isinstance(value.callee, Member) and value.callee.name == "create"
    return first.base if created and isinstance(first, Member) and first.name == _PROTOTYPE else None


def _members(mapping: Mapping) -> Iterator[Statement]:
    for key, value in mapping.pairs:
        if isinstance(key, Const):
            yield _member(str(key.value), value, 0)


def _member(name: str, value: Expression, line: int) -> Statement:
    """A method of a class, or a field."""
    if not isinstance(value, Function):
        return Assign(Name(name), value, line, local=True)
    own = [] if value.parameters and value.parameters[0].name == THIS else [Parameter(THIS)]
    return replace(value, name=name, parameters=[*own, *value.parameters])
