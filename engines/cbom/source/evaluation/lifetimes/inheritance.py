"""Classes: where they are defined, and inherited members. Methods are run again for the inheriting class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from engines.cbom.source import program
from engines.cbom.source.evaluation.functions.intrinsics import CONSTRUCTORS
from engines.cbom.source.evaluation.lifetimes.scopes import Scope, Source
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import NOTHING, UNKNOWN, Class, Closure, Instance, Ref, Value, Values, union

_MAX_HEIRS = 3
"""The most classes below an abstract one that an object of it is taken to have."""

MAX_CLASSES = 64
"""The most classes above one in which a member is looked for."""

_MAX_ABOVE = 4
"""The most classes above one another whose methods are run for a class below."""


class HeirFiles(Protocol):
    """Files in which classes below others may stand that weren't read yet."""

    def load_heirs(self, source: Source, name: str) -> None: ...


def implementations(of: Class, files: HeirFiles) -> list[Class]:
    """The classes that an object of a type may have: those below an abstract one, if they are few."""
    if not of.node.abstract:
        return [of]
    if not of.heirs:
        files.load_heirs(of.scope.source, of.node.name)
    return of.heirs if 0 < len(of.heirs) <= _MAX_HEIRS else [of]


def inherited_methods(of: Class) -> Iterator[Closure]:
    """The methods, but constructors, that a class has from others and doesn't override."""
    seen = {*of.members, *CONSTRUCTORS}
    above = [base for base in of.bases if type(base) is Class]
    for _ in range(_MAX_ABOVE):
        for name, values in [pair for base in above for pair in base.members.items() if pair[0] not in seen]:
            seen.add(name)
            yield from (value for value in values if type(value) is Closure and not value.function.static)
        above = [base for each in above for base in each.bases if type(base) is Class]


def overrides(of: Class, above: Class) -> bool:
    """Whether a class has a method of another one, but a constructor."""
    names = above.members.keys() & of.members.keys() - set(CONSTRUCTORS)
    return any(type(value) is Closure for name in names for value in above.members[name])


def inherited_member(of: Class, name: str) -> Values:
    """The member ``name`` that a class has from the program's classes above it; NOTHING if it has none."""
    current = of
    for _ in range(MAX_CLASSES - 1):  # Most classes have one above them, or none.
        if not current.bases:
            return NOTHING
        base = current.bases[0]
        if len(current.bases) > 1 or type(base) is not Class or base is of:
            return next((each.members[name] for each in _above(of) if each.members.get(name)), NOTHING)
        if found := base.members.get(name):
            return found
        current = base
    return NOTHING


def is_kind_of(of: Class, above: Class) -> bool:
    """Whether ``of`` is ``above``, or inherits from it."""
    return of is above or (bool(of.bases) and any(each is above for each in _above(of)))


def library_types(of: Class) -> Iterator[Value]:
    """The types of libraries that a class, or one of the program's above it, has above itself."""
    for each in (of, *_above(of)):
        yield from (base for base in each.bases if type(base) is Ref)


def _above(of: Class) -> Iterator[Class]:
    """The program's classes above one, the nearest first, each once."""
    seen, waiting = {id(of)}, [of]
    for current in waiting:
        for base in current.bases:
            if type(base) is Class and id(base) not in seen and len(seen) < MAX_CLASSES:
                seen.add(id(base))
                waiting.append(base)
                yield base


@dataclass(slots=True)
class Types:
    """Classes by what they are defined as. In Go, the methods of one may stand in any file of its package."""

    _of_packages: dict[tuple[str, str, str], Class] = field(default_factory=dict)

    def class_of(self, scope: Scope, node: program.Class, bases: list[Value]) -> Class:
        """The class that ``node`` defines, or adds methods or fields to."""
        found = scope.names.get(node.name, NOTHING)
        made = found[0] if len(found) == 1 and type(found[0]) is Class else None
        source = scope.source
        if source.language != "go" or scope.parent is not None:
            return made or Class(node, scope, {}, bases)
        key = source.path.rpartition("/")[0], source.package, node.name
        made = made or self._of_packages.get(key)
        if made is None:
            made = self._of_packages[key] = Class(node, scope, {}, bases)
        elif node.bases or any(isinstance(each, program.Assign) for each in node.body):
            made.node = node
            made.bases.extend(bases)
        return made


def of_class(members: Values, of: Class) -> Values:
    """Members of a class as it has them itself: methods of the class are bound to it."""
    if not any(type(each) is Closure and each.function.of_class for each in members):
        return members
    return tuple(
        Closure(each.function, each.scope, each.owner, of) if type(each) is Closure and each.function.of_class else each
        for each in members
    )


def item_of(evaluator: Any, of: Instance, keys: Values) -> Values:
    """``object[key]`` of an object whose class says what that is."""
    methods = evaluator.members((of,), "__getitem__")
    results = (evaluator.run(each, Arguments([keys], {})) for each in methods if type(each) is Closure)
    return union(results) or UNKNOWN
