"""Evaluation of expressions: the set of possible values of each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.evidence.secrets import holds_secret, is_secret
from engines.cbom.source.evaluation.evidence.switches import NOT_CHOSEN, chosen_by, unless_flag
from engines.cbom.source.evaluation.functions.c_family.c import operated
from engines.cbom.source.evaluation.functions.receivers import takes_this
from engines.cbom.source.evaluation.lifetimes.changing import holds
from engines.cbom.source.evaluation.lifetimes.held import Held
from engines.cbom.source.evaluation.lifetimes.inheritance import implementations
from engines.cbom.source.evaluation.lifetimes.passing import passes_on
from engines.cbom.source.evaluation.members import Members
from engines.cbom.source.evaluation.names import NAMESPACES, Files
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
    Ref,
    Table,
    Thing,
    Unknown,
    Values,
    listed,
    sole,
    union,
    weak_among,
)

CELL = "\0cell"
"""The entry of an object that is a box for one value (React, Vue)."""

_SHORT = frozenset({"and", "or"})
_CHOSEN = (program.Call, program.Mapping)
"""What is run, or made, only if the left side holds, or doesn't."""


class Exhausted(Exception):
    """The file took more steps than its size allows."""


class Expressions(Members):
    """The part of the evaluator for expressions. ``scope`` is the innermost scope at this point of the program."""

    chosen = NOT_CHOSEN
    """The findings that a person has chosen with a setting at this point of the program."""

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
    def macro(self, made: Closure) -> Values:
        """The value of a macro without parameters."""

    @abstractmethod
    def mentioned(self, node: program.Mentioned) -> Values:
        """A constant or a thing of a library, with its place."""

    @abstractmethod
    def closure(self, node: program.Function) -> Values:
        """A function, made here."""

    @abstractmethod
    def option(self, name: str, values: Values, line: int, of: Values = NOTHING) -> None:
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

    def _index(self, node: program.Index) -> Values:
        base, keys = self.evaluate(node.base), self.evaluate(node.key)
        return union(self.element(value, keys) for value in base)

    def _binary(self, node: program.Binary) -> Values:
        chain: list[program.Binary] = []
        current: program.Expression = node
        while type(current) is program.Binary:
            if type(current.left) is not program.Binary and not chain:  # Most are no chains.
                return operated(self, current.operator, self.evaluate(current.left), self._right(current), node.line)
            chain.append(current)
            current = current.left
        result = self.evaluate(current)
        for part in reversed(chain):
            result = operated(self, part.operator, result, self._right(part), node.line)
        return result

    def _right(self, node: program.Binary) -> Values:
        """The value of the right side: options or a call behind ``insecure &&`` are what a setting chooses."""
        if node.operator in _SHORT and type(node.right) in _CHOSEN and self.scope.source.has_switches:
            return self._where(node.left, node.right, holds=node.operator == "and")
        return self.evaluate(node.right)

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
        if self.scope.source.has_switches:
            then = self._where(node.test, node.then, holds=True)
            otherwise = self._where(node.test, node.otherwise, holds=False)
        else:
            then, otherwise = self.evaluate(node.then), self.evaluate(node.otherwise)
        if operators.are_truths(then, otherwise):
            return UNKNOWN  # The test itself: what it is, nothing is known of.
        return union((then, otherwise))

    def _where(self, test: program.Expression, node: program.Expression, *, holds: bool) -> Values:
        """The value of an expression that is evaluated only where ``test`` holds, or doesn't."""
        chosen = chosen_by(self, test, holds=holds)
        if not chosen:
            return self.evaluate(node)
        outer, self.chosen = self.chosen, self.chosen | chosen
        try:
            return unless_flag(self.evaluate(node), self.chosen)
        finally:
            self.chosen = outer

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
