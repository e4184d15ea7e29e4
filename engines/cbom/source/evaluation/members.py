"""Members and elements of values: of objects, classes and files, of lists and tables."""

from __future__ import annotations

from abc import abstractmethod

from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.functions.receivers import read_from
from engines.cbom.source.evaluation.functions.settings import ENVIRONMENT, INDEXED, SCRIPT_ENVIRONMENT
from engines.cbom.source.evaluation.lifetimes.inheritance import MAX_CLASSES, item_of, of_class
from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.evaluation.names import EXPORTS, OWN, SCRIPTS, Names
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    Array,
    Class,
    Closure,
    Data,
    File,
    Instance,
    Known,
    Method,
    Ref,
    Super,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    sole,
    union,
    weak_among,
)

DEFAULT = "default"

_OBJECTS = (Ref, Instance, Class, File, Thing)
"""Values of which JavaScript's scripts read a member by ``object[name]`` too."""

SHARED = "\0shared"
"""The field of a union's object that all its fields are."""

_OPEN_OBJECTS = frozenset({"c", "cpp", "go"})
"""Languages where any function may set the fields of an object, and one that isn't known has any values there."""


class Members(Names):
    """The part of the evaluator for what values consist of."""

    @abstractmethod
    def run(self, closure: Closure, arguments: Arguments) -> Values:
        """The result of a function of the program with these arguments."""

    def members(self, base: Values, name: str) -> Values:
        """The member ``name`` of each of ``base``."""
        if len(base) == 1:
            return self._member_of(base[0], name)
        return union(self._member_of(value, name) for value in base)

    def _member_of(self, value: Value, name: str) -> Values:
        if isinstance(value, Ref):
            if self.open_names and value.path.partition(".")[0] in OWN:
                ours = self.files.find(self.scope.source, value.path, name)
                if ours:
                    return ours
            if value.path == SCRIPT_ENVIRONMENT and name in (variables := self.files.environment(self.scope.source)):
                return variables[name]
            return self._resolved(self.normal(f"{value.path}.{name}"))
        if isinstance(value, Instance):
            return self._instance_member(value, name)
        if isinstance(value, Class):
            return of_class(self._class_member(value, name), value) or (
                (Method(value, name),) if name == "call" else UNKNOWN
            )
        if isinstance(value, File):
            return self._file_member(value.scope, name)
        if isinstance(value, Super):
            return self._inherited(value, name) or UNKNOWN
        if isinstance(value, Table) and name in value.entries:
            return read_from(value, value.entries[name])
        if isinstance(value, Known) and name == "value":
            return (value,)  # A member of an enumeration is its value.
        if isinstance(value, Thing) and (name in value.facts or f"{value.type}.{name}" in self.knowledge.parts):
            return value.facts.get(name, (value,))
        if isinstance(value, Unknown):
            return UNKNOWN
        if self.open_names and isinstance(value, Array):  # C: a pointer to one of its elements.
            parts = [each for item in value.items for each in item if isinstance(each, Instance | Table)]
            if parts:
                return union(self._member_of(each, name) for each in parts)
        return (Method(value, name),)

    def _file_member(self, scope: Scope, name: str) -> Values:
        for each in (f"{EXPORTS}{name}", name):
            if each in scope.names:
                return self.in_scope(scope, each)
        found = self.reexported(scope, name)
        if not found and name != DEFAULT and DEFAULT in scope.names:  # module.exports = an object that has it
            return self.members(self.in_scope(scope, DEFAULT), name)
        return found or self.files.find(scope.source, ".", name) or UNKNOWN

    def _inherited(self, above: Super, name: str) -> Values:
        """The member ``name`` that a method has from the classes above its own."""
        for base in above.owner.bases:
            if type(base) is Class and isinstance(above.receiver, Instance):
                receiver = above.receiver
                found = self._class_member(base, name)
                if found:
                    return union(self._of_instance(each, receiver) for each in found)
            elif type(base) is Ref:
                return (Method(Thing(base.path, {}), name),)
        return NOTHING

    def _instance_member(self, value: Instance, name: str) -> Values:
        if value.of.node.shared and SHARED in value.fields:
            return value.fields[SHARED]
        literal = value.of.literals.get(name, NOTHING) if value is value.of.sample else NOTHING
        if name in value.fields:
            counted = f"this.{name}" in value.of.scope.source.reassigned
            if counted or (value is value.of.sample and self.scope.source.language in _OPEN_OBJECTS):
                return union((value.fields[name], literal, UNKNOWN))
            return union((value.fields[name], literal)) if literal else read_from(value, value.fields[name])
        if name not in value.of.members:
            for base in value.of.bases:  # Go: members of a struct that is embedded.
                embedded = value.fields.get(base.node.name, NOTHING) if type(base) is Class else NOTHING
                if embedded and value not in embedded and not self.implicit_self:
                    return self.members(embedded, name)
        found = self._class_member(value.of, name)
        if not found:
            return union((literal, UNKNOWN)) if literal else UNKNOWN
        if self.scope.source.language != "go":  # Rust: what a constructor makes of libraries' types.
            literal = tuple(each for each in literal if type(each) is Thing and self.scope.source.language == "rust")
        if len(found) == 1 and not literal:
            return union((self._of_instance(found[0], value),))
        return union((*(self._of_instance(each, value) for each in found), literal))

    def _of_instance(self, member: Value, value: Instance) -> Values:
        if type(member) is not Closure or member.function.static:
            return (member,)
        receiver = value.of if member.function.of_class else value
        bound = Closure(member.function, member.scope, member.owner, receiver)
        return self.run(bound, Arguments([], {})) if member.function.getter else (bound,)

    def _class_member(self, value: Class, name: str) -> Values:
        current = value
        for _ in range(MAX_CLASSES + 1):  # Most classes have one above them, or none.
            if name in current.members:
                return self.loaded(current.scope.source, current.members, name)
            if not current.bases:
                return NOTHING
            base = current.bases[0]
            if len(current.bases) > 1 or type(base) is not Class:
                return self._member_above(value, name, set())
            current = base
        return NOTHING

    def _member_above(self, value: Class, name: str, seen: set[int]) -> Values:
        if name in value.members:
            return self.loaded(value.scope.source, value.members, name)
        for base in value.bases:
            if type(base) is Class and id(base) not in seen and len(seen) < MAX_CLASSES:
                seen.add(id(base))
                if found := self._member_above(base, name, seen):
                    return found
            elif type(base) is Ref:
                return (Method(Thing(base.path, {}), name),)
        return NOTHING

    def element(self, value: Value, keys: Values) -> Values:
        """The element of ``value`` under each of ``keys``; a part of it under an array of bounds."""
        if len(keys) == 1 and type(keys[0]) is Array:
            return operators.sliced(value, keys[0])
        key = sole(keys)
        chosen = weak_among([keys])
        if chosen and not isinstance(value, Table):
            return chosen
        if isinstance(value, Array):
            items = value.items
            if isinstance(key, int) and -len(items) <= key < len(items):
                return items[key]
            return union(items) or UNKNOWN
        if isinstance(value, Table):
            if len(keys) > 1:  # Beside those that are known, what others may be is a caller's choice.
                named = [each for each in keys if type(each) is Known]
                found = [self.element(value, (each,)) for each in named or keys]
                return union([*found, UNKNOWN if len(named) < len(keys) else NOTHING])
            return value.entries.get(key, UNKNOWN) if key is not None else union([*value.entries.values(), UNKNOWN])
        if isinstance(value, Data) or (isinstance(value, Known) and isinstance(value.value, str | bytes)):
            return (value if isinstance(value, Data) else Data(CONSTANT),)  # A part of a buffer shares its bytes.
        if isinstance(key, str) and isinstance(value, _OBJECTS) and self.scope.source.language in SCRIPTS:
            return self.members((value,), key)
        if isinstance(value, Instance):
            return item_of(self, value, keys)
        if isinstance(value, Thing) and value.type in INDEXED:
            return value.facts.get(str(key), UNKNOWN)
        if isinstance(value, Method) and isinstance(value.receiver, Thing):  # What a program puts into its settings.
            return value.receiver.facts.get(f"{value.name}.{key!s}", UNKNOWN)
        if isinstance(value, Ref) and value.path == ENVIRONMENT:
            return self.files.environment(self.scope.source).get(str(key)) or UNKNOWN
        return UNKNOWN
