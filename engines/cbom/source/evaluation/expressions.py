"""Evaluation of expressions: the set of possible values of each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.functions.c_family.c import operated
from engines.cbom.source.evaluation.functions.receivers import read_from, takes_this
from engines.cbom.source.evaluation.functions.settings import ENVIRONMENT, INDEXED, SCRIPT_ENVIRONMENT
from engines.cbom.source.evaluation.lifetimes.changing import holds
from engines.cbom.source.evaluation.lifetimes.held import Held
from engines.cbom.source.evaluation.lifetimes.inheritance import MAX_CLASSES, implementations, item_of, of_class
from engines.cbom.source.evaluation.lifetimes.passing import passes_on
from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.evaluation.names import EXPORTS, NAMESPACES, OWN, Files, Names
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.secrets import holds_secret, is_secret
from engines.cbom.source.evaluation.sightings import Witness
from engines.cbom.source.knowledge.model import Knowledge
from engines.cbom.source.values import (
    CONSTANT,
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    WEAK_RANDOM,
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
    listed,
    sole,
    union,
    weak_among,
)

DEFAULT = "default"
CELL = "\0cell"
"""The entry of an object that is a box for one value (React, Vue)."""

SHARED = "\0shared"
"""The field of a union's object that all its fields are."""

_OPEN_OBJECTS = frozenset({"c", "cpp", "go"})
"""Languages where any function may set the fields of an object, and one that isn't known has any values there."""


class Exhausted(Exception):
    """The file took more steps than its size allows."""


class Expressions(Names):
    """The part of the evaluator for expressions. ``scope`` is the innermost scope at this point of the program."""

    def __init__(self, knowledge: Knowledge, files: Files, *, implicit_self: bool, open_names: bool) -> None:
        super().__init__(knowledge, files, implicit_self=implicit_self, open_names=open_names)
        self.steps = 0
        self._handlers: dict[type, Callable[[Any], Values]] = {
            program.Const: self._const,
            program.Name: self._name,
            program.Global: lambda node: self.lookup_global(node.name),
            program.Member: self._member,
            program.Index: self._index,
            program.Call: self.call,
            program.Spread: lambda node: self.evaluate(node.value),
            program.Binary: self._binary,
            program.Unary: self._unary,
            program.Conditional: self._conditional,
            program.Sequence: self._sequence,
            program.NewArray: self._new_array,
            program.Mapping: self._mapping,
            program.Typed: self._typed,
            program.Pointed: lambda node: self.evaluate(node.base),
            program.Mentioned: self.mentioned,
            program.Opaque: self._opaque,
            program.Function: self.closure,
        }

    witness: Witness
    """Gets each sighting."""

    held: Held
    """Sightings of objects that aren't used yet."""

    @abstractmethod
    def call(self, node: program.Call) -> Values:
        """The result of a call."""

    @abstractmethod
    def run(self, closure: Closure, arguments: Arguments) -> Values:
        """The result of a function of the program with these arguments."""

    @abstractmethod
    def macro(self, made: Closure) -> Values:
        """The value of a macro without parameters."""

    @abstractmethod
    def mentioned(self, node: program.Mentioned) -> Values:
        """A constant or a thing of a library, with its place."""

    @abstractmethod
    def closure(self, node: program.Function) -> Values:
        """A function, made here."""

    @abstractmethod
    def option(self, name: str, values: Values, line: int) -> None:
        """Tell what knowledge says of an option's value."""

    def tell_secret(self, name: str, values: Values, *, buffer: bool = False) -> None:
        """Report a weak generator among ``values`` if ``name`` is that of a secret, or of a ``buffer`` with one."""
        for value in values:
            if type(value) is Table and CELL in value.entries:
                self.tell_secret(name, value.entries[CELL])
            elif type(value) is Array and is_secret(name):
                self.tell_secret(name, weak_among(value.items))
            if type(value) is Data and value.origin == WEAK_RANDOM and value.made is not None:
                if is_secret(name, value.size) or ((buffer or value.in_bytes) and holds_secret(name)):
                    self.witness.see(value.made)

    def evaluate(self, node: program.Expression) -> Values:
        """The values of ``node``. Raises ``Exhausted``."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted
        return self._handlers[type(node)](node)

    def _const(self, node: program.Const) -> Values:
        return (Known(node.value),)

    def _name(self, node: program.Name) -> Values:
        values = self.lookup(node.name)
        if self.held.waiting:
            self.held.read(node.name, values, self.witness)
        if self.open_names and len(values) == 1 and type(values[0]) is Closure and values[0].function.macro:
            return values if values[0].function.parameters else self.macro(values[0])
        return values

    def _member(self, node: program.Member) -> Values:
        base = self.evaluate(node.base)
        if node.path and self.implicit_self and all(map(self.may_be_namespace, base)):
            return self.of_namespace(node.name) or self.members(base, node.name)
        if node.path and type(node.base) is program.Name and not any(type(value) in NAMESPACES for value in base):
            base = self.module_named(node.base.name) or base
        if self.open_names and type(node.base) is program.Name and all(self.is_function(value) for value in base):
            path = self.normal(f"{node.base.name}.{node.name}")
            if path in self.knowledge.prefixes:  # Functions and crates have names of their own.
                return self._resolved(path)
        return self.members(base, node.name)

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

    def _class_member(self, value: Class, name: str, seen: set[int] | None = None) -> Values:
        if name in value.members:
            return self.loaded(value.scope.source, value.members, name)
        seen = set() if seen is None else seen
        for base in value.bases:
            if type(base) is Class and id(base) not in seen and len(seen) < MAX_CLASSES:
                seen.add(id(base))
                if found := self._class_member(base, name, seen):
                    return found
            elif type(base) is Ref:
                return (Method(Thing(base.path, {}), name),)
        return NOTHING

    def _index(self, node: program.Index) -> Values:
        base, keys = self.evaluate(node.base), self.evaluate(node.key)
        return union(self.element(value, keys) for value in base)

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
        if isinstance(value, Instance):
            return item_of(self, value, keys)
        if isinstance(value, Thing) and value.type in INDEXED:
            return value.facts.get(str(key), UNKNOWN)
        if isinstance(value, Ref) and value.path == ENVIRONMENT:
            return self.files.environment(self.scope.source).get(str(key)) or UNKNOWN
        return UNKNOWN

    def _binary(self, node: program.Binary) -> Values:
        chain: list[tuple[str, program.Expression]] = []
        current: program.Expression = node
        while type(current) is program.Binary:
            if type(current.left) is not program.Binary and not chain:  # Most are no chains.
                left = self.evaluate(current.left)
                return operated(self, current.operator, left, self.evaluate(current.right), node.line)
            chain.append((current.operator, current.right))
            current = current.left
        result = self.evaluate(current)
        for operator, right in reversed(chain):
            result = operated(self, operator, result, self.evaluate(right), node.line)
        return result

    def _unary(self, node: program.Unary) -> Values:
        values = self.evaluate(node.operand)
        if node.operator == "not":
            return operators.negated(values)
        if node.operator == "bytes":
            return operators.decoded(values, "text")
        return weak_among([values]) or (operators.minus(values) if node.operator == "-" else UNKNOWN)

    def _conditional(self, node: program.Conditional) -> Values:
        held = holds(self, node.test)
        if held is not None:
            return self.evaluate(node.then if held else node.otherwise)
        then, otherwise = self.evaluate(node.then), self.evaluate(node.otherwise)
        if operators.are_truths(then, otherwise):
            return UNKNOWN  # The test itself: what it is, nothing is known of.
        return union((then, otherwise))

    def _sequence(self, node: program.Sequence) -> Values:
        return listed([self.evaluate(item) for item in node.items])

    def _new_array(self, node: program.NewArray) -> Values:
        return (Data(CONSTANT, size if isinstance(size := sole(self.evaluate(node.size)), int) else None),)

    def _mapping(self, node: program.Mapping) -> Values:
        result = Table({})
        for position, (key, value) in enumerate(node.pairs[:MAX_ITEMS]):
            values = self.evaluate(value)
            for each in values if type(value) is program.Function else ():
                if type(each) is Closure and each.receiver is None and takes_this(each):
                    each.receiver = result
            if key is None:
                for each in values:
                    if type(each) is File:
                        result.entries.update(self.exports_of(each.scope))
                    elif type(each) is Table:
                        result.take(each)
                    else:  # It may have any of them too.
                        result.entries.update((name, union((one, UNKNOWN))) for name, one in result.entries.items())
                        result.open = True
                continue
            names = self.evaluate(key)
            for name in names:
                if type(name) is Known and (len(names) == 1 or len(values) == 1):
                    result.entries[name.value] = values
                    if node.lines and name.value in self.knowledge.options and not passes_on(value, name.value):
                        self.option(str(name.value), values, node.lines[position])
                    self.tell_secret(str(name.value), values)
                else:
                    result.open = True
        return (result,)

    def _typed(self, node: program.Typed) -> Values:
        values = NOTHING if node.value is None else self.evaluate(node.value)
        if type(node.value) is program.Sequence:
            return self._filled(values, node.declared) or values
        if values and not any(type(value) is Unknown for value in values):
            return values
        stated = self.of_type(node.declared)
        return union((tuple(value for value in values if type(value) is not Unknown), stated)) if stated else UNKNOWN

    def _filled(self, listed: Values, declared: program.Expression) -> Values:
        """An object whose fields get the values of a list in their order (C); NOTHING if the type isn't known."""
        made = [value for value in self.evaluate(declared) if type(value) is Class and value.field_names()]
        items = [value.items for value in listed if type(value) is Array]
        if not made or not items:
            return NOTHING
        return (Instance(made[0], dict(zip(made[0].field_names(), items[0], strict=False))),)

    def of_type(self, declared: program.Expression) -> Values:
        """A value of a declared type of which nothing else is known; NOTHING if the type tells nothing."""
        found: list[Values] = []
        before, self.files.types_only = self.files.types_only, not self.scope.source.asks_types
        try:
            types = self.evaluate(declared)
        finally:
            self.files.types_only = before
        for value in types:
            if type(value) is Ref and value.path in self.knowledge.prefixes:
                found.append((Thing(value.path, {}),))
            elif type(value) is Class:
                found.append(tuple(self.construct(each) for each in implementations(value, self.files)))
        return union(found)

    def _opaque(self, node: program.Opaque) -> Values:
        for part in node.parts:
            self.evaluate(part)
        return UNKNOWN
