"""Assignments: to names, fields, elements, and several targets at once."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator

from engines.cbom.source import program
from engines.cbom.source.evaluation.calls import Calls
from engines.cbom.source.evaluation.evidence.acceptance import checks_nothing, unchecking
from engines.cbom.source.evaluation.functions.settings import is_variable
from engines.cbom.source.evaluation.lifetimes.inheritance import inherited_member, library_types
from engines.cbom.source.evaluation.lifetimes.scopes import note_literals
from engines.cbom.source.evaluation.members import SHARED
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.sightings import Place, Sighting
from engines.cbom.source.knowledge.model import Override
from engines.cbom.source.values import (
    MAX_ITEMS,
    NOTHING,
    UNKNOWN,
    WEAK_RANDOM,
    Array,
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

_SETTINGS = re.compile("settings|config")
"""A part of the names of modules, packages and classes whose members a framework reads as settings."""

_DJANGO = "settings"
"""What modules or packages of settings are called that a framework reads as a whole."""


class Assignments(Calls):
    """The part of the evaluator for assignments."""

    _line = 1
    """The line of the assignment that runs."""

    @abstractmethod
    def filled_by(self, parameter: str) -> str:
        """The name of the running function if it has this parameter: it fills a buffer of its caller; else ""."""

    def check_overrides(self, made: Class, bases: Values) -> None:
        """Report methods that check nothing where a library expects them to."""
        for override in self._overrides_of(bases):
            beside = made.members.get(override.beside) or inherited_member(made, override.beside)
            for function in unchecking(made, override, beside):
                self._tell_unchecking(override, function, self.scope.source.path)
                made.accepts_all |= override.body == "asserts"

    def check_function(self, declared: program.Expression, values: Values) -> None:
        """Report functions that check nothing where the type of the library that they get expects them to."""
        closures = [value for value in values if type(value) is Closure]
        for override in self._overrides_of(self.evaluate(declared)) if closures and self.methods_apart else ():
            for each in closures:
                if checks_nothing(each.function, override):
                    self._tell_unchecking(override, each.function, each.scope.source.path)

    def _overrides_of(self, types: Values) -> Iterator[Override]:
        """What a library expects of those types, or of its own above the program's among them."""
        above = [base for value in types if type(value) is Class for base in library_types(value)]
        for value in (*types, *above):
            if type(value) is Ref:
                yield from self.knowledge.overrides.get(value.path, ())

    def _tell_unchecking(self, override: Override, function: program.Function, path: str) -> None:
        place = Place(path, function.line, 1, max(function.line, function.end_line), 1)
        within = frozenset((function,)) if function.test else frozenset()
        self.witness.see(Sighting(place, override.rule, {}, frozenset(), harmless=False, within=within))

    def assign(self, target: program.Expression, values: Values, *, local: bool = False) -> None:
        if isinstance(target, program.Name):
            self._assign_name(target.name, values, local)
        elif isinstance(target, program.Member):
            self._assign_member(target, values)
        elif isinstance(target, program.Index):
            self._assign_element(target, values)
        elif isinstance(target, program.Sequence):
            for position, item in enumerate(target.items):
                if type(item) is program.Spread:
                    after = len(target.items) - position - 1
                    rest = [
                        value.items[position : len(value.items) - after] for value in values if type(value) is Array
                    ]
                    self.assign(item.value, union((Array(each),) for each in rest) or UNKNOWN, local=local)
                    continue
                self.assign(item, union(self._part(value, position) for value in values) or UNKNOWN, local=local)
        elif isinstance(target, program.Mapping):
            for name, item in target.pairs:
                if type(name) is program.Const:
                    found = union(self._entry(value, str(name.value)) for value in values)
                    self.assign(item, found if type(item) is program.Binary else found or UNKNOWN, local=local)
        elif isinstance(target, program.Binary):
            default = self.evaluate(target.right)
            absent = all(type(value) is Unknown or is_variable(value) for value in values)
            self.assign(target.left, union((default, values)) if absent else values, local=local)
        elif isinstance(target, program.Pointed):
            self._assign_pointed(target.base, values)
        elif isinstance(target, program.Mentioned):
            self.assign(target.value, values, local=local)
        elif isinstance(target, program.Typed) and target.value is not None:
            self.assign(target.value, values, local=local)

    def _entry(self, value: Value, name: str) -> Values:
        """What the target of the key ``name`` gets of a value; NOTHING if it certainly has no such entry."""
        if type(value) is Table and name not in value.entries:
            return UNKNOWN if value.open else NOTHING
        return self.members((value,), name)

    def _part(self, value: Value, position: int) -> Values:
        """What the target at ``position`` gets of a value. The first gets an object whole: others get its errors."""
        whole = type(value) is Thing or (type(value) is Known and self.scope.source.language == "go")
        return (value,) if position == 0 and whole else self.element(value, (Known(position),))

    def _assign_name(self, name: str, values: Values, local: bool) -> None:
        self.tell_secret(name, values)
        if name in self.knowledge.settings and not self.scope.is_function:
            self._tell_setting(name, values)
        for base in () if self.scope.of is None else self.scope.of.bases:
            if type(base) is Ref and f"{base.path}.{name}" in self.knowledge.attributes:
                self._set_attribute(base, name, values)  # What a class changes of the library's class above it.
        found = self.scope.find(name)
        scope = self.scope if local else (found or self.scope)
        receiver = self.receiver_in(scope) or (self._heir_with(name) if not local and found is None else None)
        if receiver is not None:
            self._set_field(receiver, name, values)
        elif scope is self.scope and scope.is_class and self.methods_apart:
            methods = tuple(value for value in scope.names.get(name, NOTHING) if type(value) is Closure)
            scope.set(name, union((methods, values)))
        elif scope is self.scope:
            scope.set(name, values)
            if self.open_names and not local:
                self.given_back.note(name, values, pointed=False, certain=not scope.journals)
        else:
            scope.add(name, values)

    def _heir_with(self, name: str) -> Instance | None:
        """The object whose class inherits the field ``name`` that a method sets by its name alone."""
        inner = self.scope.find("this") if self.implicit_self else None
        for value in NOTHING if inner is None else inner.names["this"]:
            if type(value) is Instance and inherited_member(value.of, name):
                return value
        return None

    def _tell_setting(self, name: str, values: Values) -> None:
        """Report a name that a framework reads from a class or module of settings, or that tells by itself."""
        module = "/".join(self.scope.source.path.split("/")[-2:]).lower()
        of_class = self.scope.is_class and _SETTINGS.search(self.scope.name.lower())
        kind = "anywhere"
        if not self.scope.is_class and _DJANGO in module:
            kind = _DJANGO
        elif of_class or _SETTINGS.search(module):
            kind = "config"
        found = self.knowledge.settings.get(f"{name}.{kind}")
        if found or kind != "anywhere":
            self.told_by(found or self.knowledge.settings[name], values, self._line)

    def _assign_member(self, target: program.Member, values: Values) -> None:
        self.tell_secret(target.name, values)
        for base in self._objects(target):
            self.set_member(base, target.name, values)

    def set_member(self, base: Value, name: str, values: Values) -> None:
        """Give the member ``name`` of an object these values."""
        if isinstance(base, Instance):
            self._set_field(base, name, values)
            for inherited in base.of.bases:
                if type(inherited) is Ref and f"{inherited.path}.{name}" in self.knowledge.attributes:
                    self._set_attribute(inherited, name, values)
        elif isinstance(base, Class):
            base.members[name] = union((base.members.get(name, NOTHING), values))
        elif isinstance(base, Table):
            base.entries[name] = values
            if name in self.knowledge.options:
                self.option(name, values, self._line)
        else:
            self._set_attribute(base, name, values)

    def _objects(self, target: program.Member) -> Values:
        """The objects whose field gets a value. That doesn't use them: what the field had may never be used."""
        if type(target.base) is not program.Name or self.open_names:
            return self.evaluate(target.base)
        found = self.lookup(target.base.name)
        if not self.scope.journals:
            self.held.overwrite(found, target.name)
        return found

    def _assign_pointed(self, target: program.Expression, values: Values) -> None:
        """What a pointer points to: what a parameter's does, the caller gets."""
        self.assign(target, values)
        if isinstance(target, program.Name):
            self.given_back.note(target.name, values, pointed=True, certain=not self.scope.journals)

    def _set_field(self, base: Instance, name: str, values: Values) -> None:
        if base.of.node.shared:
            name = SHARED
        made = self.scope.source.language == "go" and base is not base.of.sample
        if made and all(is_static(value) or type(value) is Thing for value in values):
            note_literals(base.of, {name: values}, tests=self.in_test())
        if self.scope.journals or base is base.of.sample:
            own = base.fields.get(name, NOTHING)
            if not own and self.methods_apart:  # What the class gives it at first.
                own = tuple(value for value in base.of.members.get(name, NOTHING) if type(value) is not Closure)
            if not own and self.open_names and self.scope.journals and all(map(_is_number, values)):
                own = UNKNOWN  # It is zero in memory that was cleared: ``if (!strcmp(arg, "-k")) config.insecure = 1;``
            values = union((own, values))
        base.fields[name] = values

    def _set_attribute(self, base: Value, name: str, values: Values) -> None:
        """An attribute or entry of a library's object: rules may say what that means."""
        path = base.path if type(base) is Ref else self._type_of(base)
        found = self.knowledge.attributes.get(f"{path}.{name}")
        if type(base) is Method and type(base.receiver) is Thing and len(base.receiver.facts) < MAX_ITEMS:
            entry = f"{base.name}.{name}"
            base.receiver.facts[entry] = union((base.receiver.facts.get(entry, NOTHING), values))
        if not found and name in self.knowledge.options:
            self.option(name, values, self._line)
        elif found:
            place = program.Call(program.Name(name), [], {}, self._line, 1, self._line, 1)
            self._known(found, Arguments([values], {}, (base,)), place)

    def _assign_element(self, target: program.Index, values: Values) -> None:
        keys = self.evaluate(target.key)
        for key in keys:
            if type(key) is Known:
                self.tell_secret(str(key.value), values)
        chosen = weak_among([values])
        if chosen and isinstance(target.base, program.Name | program.Member):
            self.tell_secret(target.base.name, chosen, buffer=True)
            self.tell_secret(self.filled_by(target.base.name), chosen)
        bases = self.evaluate(target.base)
        if chosen and isinstance(target.base, program.Name) and all(type(base) is Unknown for base in bases):
            self.assign(target.base, chosen)
        for base in bases:
            if type(base) is Table:
                for key in keys:
                    if type(key) is Known:
                        base.entries[key.value] = values
                    else:
                        base.open = True
            elif type(base) is Method or type(base) is Ref:
                for name in constants(keys):
                    self._set_attribute(base, str(name), values)
            elif type(base) is Unknown and isinstance(target.base, program.Member):
                for name in constants(keys):
                    self._set_attribute(base, f"{target.base.name}.{name!s}", values)
            elif type(base) is Array:
                self._set_item(base, keys, values)
            elif type(base) is Known and isinstance(base.value, str) and self.open_names:
                if len(bases) == 1 and any(type(value) is not Known for value in values):
                    self.assign(target.base, UNKNOWN)
            elif type(base) is Data and any(type(value) is not Known for value in values):
                if not chosen:
                    base.origin, base.made = "", None
                elif base.origin != WEAK_RANDOM:  # The first element tells enough.
                    base.origin, base.made = WEAK_RANDOM, chosen[0].made

    def _set_item(self, base: Array, keys: Values, values: Values) -> None:
        """An element of an array that gets another value; in a branch it may keep its own."""
        key = keys[0].value if len(keys) == 1 and type(keys[0]) is Known else None
        if key is None and self.open_names and base.items and not all(map(is_static, values)):
            base.items[0] = values  # Any of them isn't the same in every run.
        if isinstance(key, int) and 0 <= key < len(base.items):
            replaced = self.open_names and not all(map(is_static, values))  # No longer the same in every run.
            base.items[key] = values if replaced or not self.scope.journals else union((base.items[key], values))


def _is_number(value: Value) -> bool:
    return type(value) is Known and isinstance(value.value, int)
