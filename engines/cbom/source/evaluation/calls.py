"""Calls: of the program's own functions and classes, of libraries that knowledge has rules for, and of intrinsics."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from engines.cbom.source import program
from engines.cbom.source.evaluation import rules
from engines.cbom.source.evaluation.expressions import Expressions
from engines.cbom.source.evaluation.functions import callbacks, intrinsics
from engines.cbom.source.evaluation.nonces import Nonces
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.scopes import merged
from engines.cbom.source.evaluation.secrets import CONTENT, hashes_password, weakness
from engines.cbom.source.evaluation.sightings import MAC, Place, Sighting
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import (
    NOTHING,
    RANDOM,
    UNKNOWN,
    WEAK_RANDOM,
    Array,
    Bound,
    Class,
    Closure,
    Data,
    File,
    Instance,
    Known,
    Method,
    Ref,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    known,
    union,
    weak_among,
)

_MAX_BASES = 8
_GROWING = frozenset({"push_back", "append", "WriteByte", "WriteRune", "WriteString"})
"""Methods by which a text or buffer grows: what a weak generator made of a part makes the whole weak."""

_NO_RESULT: Values = (UNKNOWN[0],)
"""The result of a call whose rule tells which buffers it fills, but nothing of what it returns."""

_ERROR_FIRST = frozenset({"javascript", "typescript", "tsx"})
"""Languages whose libraries give a result to a last argument that is a function of an error and it."""

_KINDS: dict[type, str] = {Data: "bytes", Array: "array", Table: "table", Closure: "function", Bound: "function"}


class Calls(Expressions):
    """The part of the evaluator for calls."""

    loops = 0
    """The number of loops around this point of the program."""

    expansion: Place | None = None
    """Where the outermost macro is used that is being expanded."""

    nonces: Nonces
    """The nonces that were used."""

    untaken: list[Thing]
    """Objects that are reported if no call of a library takes them."""

    _site: program.Call | None = None
    """The call that runs, or whose arguments are evaluated."""

    @abstractmethod
    def within(self) -> frozenset[object]:
        """The functions and classes of the program that are running, or the file if none is."""

    @abstractmethod
    def tests_others(self) -> bool:
        """Whether a test is running code that is none: what it gives to it says nothing of it."""

    def call(self, node: program.Call) -> Values:
        """The result of a call; what is known of it is reported."""
        outer, self._site = self._site, node
        callee = self.evaluate(node.callee) if type(node.callee) is not program.Name else self.lookup(node.callee.name)
        arguments = self._arguments(node)
        self._site = outer
        self._tell_named(arguments)
        if type(node.callee) is program.Member and node.callee.name in _GROWING:
            weak = weak_among(arguments.positional)
            if weak:
                self.assign(node.callee.base, weak)
                return weak
        if isinstance(node.callee, program.Member):
            name = node.callee.name
            callee = tuple(Method(value, name) if type(value) is Unknown else value for value in callee)
        if len(callee) > 1:
            callee = _overloads(callee, arguments)
        if len(callee) == 1:
            result = self.apply(callee[0], arguments, node)
        else:
            result = union(self.apply(value, arguments, node) for value in callee) or UNKNOWN
        if result is UNKNOWN and not any(isinstance(value, Closure | Class) for value in callee):
            for name in node.keywords.keys() & self.knowledge.options.keys():
                self.option(name, arguments.keywords[name], node.line)
            if not node.creates:
                arguments.may_fill()
        return result

    def _tell_named(self, arguments: Arguments) -> None:
        """Report weak generators among the arguments of a call that names a secret: ``addCookie("session", value)``."""
        if len(arguments.positional) < 2:
            return
        for values in arguments.positional:
            if len(values) == 1 and type(values[0]) is Known and isinstance(values[0].value, str):
                for others in arguments.positional:
                    self.tell_secret(values[0].value, others)

    def _arguments(self, node: program.Call) -> Arguments:
        found = Arguments([], {})
        for arg in node.args:
            if type(arg) is program.Spread:
                for value in self.evaluate(arg.value):
                    if type(value) is Array:
                        found.positional.extend(value.items)
                    else:
                        found.incomplete = True
            else:
                found.positional.append(self.evaluate(arg))
        for name, arg in node.keywords.items():
            values = self.evaluate(arg)
            self.tell_secret(name, values)
            if name != "**":
                found.keywords[name] = values
                continue
            for value in values:
                if type(value) is Table:
                    found.keywords.update({str(key): item for key, item in value.entries.items()})
                else:
                    found.incomplete = True
        return found

    def apply(self, callee: Value, arguments: Arguments, node: program.Call) -> Values:
        """The result of calling one value."""
        if isinstance(callee, Ref):
            return self._library(callee.path, arguments, node)
        if isinstance(callee, Method):
            return self._method(callee.receiver, callee.name, arguments, node)
        if isinstance(callee, Closure):
            return self.expand(callee, arguments, node) if callee.function.macro else self.run(callee, arguments)
        if isinstance(callee, Class):
            return self._instance(callee, arguments, node)
        if isinstance(callee, Bound):
            keywords = {**callee.keywords, **arguments.keywords}
            whole = Arguments([*callee.args, *arguments.positional], keywords, arguments.receiver)
            return union(self.apply(value, whole, node) for value in callee.function)
        if isinstance(callee, File):
            exported = self.members((callee,), "default")
            return union(self.apply(value, arguments, node) for value in exported if type(value) is not File)
        if isinstance(callee, Instance):
            return union(self.apply(each, arguments, node) for each in self._instance_member(callee, "__call__"))
        if isinstance(callee, Thing):
            return self._method(callee, "__call__", arguments, node)
        if isinstance(callee, Data) and callee.origin == WEAK_RANDOM:
            return (callee,)  # C++: the generator itself is called.
        return UNKNOWN

    def invoke(self, callee: Value, arguments: Arguments) -> Values:
        """The result of a function that a call got, called at the place of that call."""
        assert self._site is not None  # A function gets others only from a call.
        return self.apply(callee, arguments, self._site)

    def macro(self, made: Closure) -> Values:
        return self.expand(made, Arguments([], {}), self._site)

    def expand(self, macro: Closure, arguments: Arguments, node: program.Call | None) -> Values:
        """The value of a macro that is used at ``node``: all that happens in it happens there."""
        outer = self.expansion
        if outer is None and node is not None:
            self.expansion = self._place(node)
        try:
            return self.run(macro, arguments)
        finally:
            self.expansion = outer

    def _place(self, node: program.Call, keyword: str = "") -> Place:
        """The place of a call, or of one of its keywords where the front-end has that."""
        own = node.line, node.column, node.end_line, node.end_column
        return self.expansion or Place(self.scope.source.path, *node.places.get(keyword, own))

    def _instance(self, of: Class, arguments: Arguments, node: program.Call) -> Values:
        result = Instance(of, {})
        for name in intrinsics.CONSTRUCTORS:
            found = self._instance_member(result, name) if self._class_member(of, name) else NOTHING
            if found:
                for each in _overloads(found, arguments):
                    self.apply(each, arguments, node)
                return (result,)
        result.fields.update(arguments.keywords)
        merged(of.literals, arguments.keywords)
        return (result,)

    def _library(self, path: str, arguments: Arguments, node: program.Call) -> Values:
        table = self.knowledge.calls
        found = (table.get(f"{path}.new") if node.creates else None) or table.get(path)
        if found:
            return self._known(found, arguments, node)
        self._site = node
        intrinsic = intrinsics.FUNCTIONS.get(path)
        if intrinsic is not None:
            return intrinsic(self, arguments)
        base, _, name = path.rpartition(".")
        if base in self.knowledge.bases:
            return self._method(Thing(base, {}), name, arguments, node)
        called = callbacks.METHODS.get(name) if base else None
        return UNKNOWN if called is None else called(self, replace(arguments, receiver=(Ref(base),)))

    def _method(self, receiver: Value, name: str, arguments: Arguments, node: program.Call) -> Values:
        with_receiver = Arguments(arguments.positional, arguments.keywords, (receiver,), arguments.incomplete)
        kind = self._type_of(receiver)
        for _ in range(_MAX_BASES):
            found = self.knowledge.calls.get(f"{kind}.{name}")
            if found:
                return self._known(found, with_receiver, node)
            intrinsic = intrinsics.FUNCTIONS.get(f"{kind}.{name}")
            if intrinsic is not None:
                self._site = node
                return intrinsic(self, with_receiver)
            if kind not in self.knowledge.bases:
                break
            kind = self.knowledge.bases[kind]
        called = callbacks.METHODS.get(name)
        if called is not None:
            self._site = node
            return called(self, with_receiver)
        if isinstance(receiver, Data) and receiver.origin == WEAK_RANDOM:
            return (receiver,)  # Whatever form they get: nothing becomes random by that.
        return UNKNOWN

    @staticmethod
    def _type_of(value: Value) -> str:
        if isinstance(value, Thing):
            return value.type
        if isinstance(value, Method) and isinstance(value.receiver, Thing):
            return f"{value.receiver.type}.{value.name}"
        if isinstance(value, Known):
            return "text" if isinstance(value.value, str) else "bytes" if isinstance(value.value, bytes) else "number"
        return _KINDS.get(type(value), "?")

    def _known(self, found: list[Rule], arguments: Arguments, node: program.Call) -> Values:
        result: Values = NOTHING
        read: set[int] = set()
        arguments.take()
        for rule in found:
            names = rules.bound(rule, arguments)
            if rules.applies(rule, arguments, names):
                result = self._applied(rule, names, node) or result
                terms = (*rule.facts.values(), *rule.keeps.values(), rule.fills)
                read.update(id(value) for term in terms for value in rules.of_term(term, names))
        if not result and not node.creates:
            arguments.may_fill(read)
        if result and arguments.positional and self.scope.source.language in _ERROR_FIRST:
            for value in arguments.positional[-1]:
                if type(value) is Closure and len(value.function.parameters) > 1:
                    self.run(value, Arguments([known(None), result], {}))
        return result or _NO_RESULT

    def _applied(self, rule: Rule, names: dict[str, Values], node: program.Call) -> Values:
        told = rules.facts(rule.facts, names)
        if "key" in told:
            told["key"] = self._returned_key(told["key"])
        for made in weak_among([told[word] for word in told.keys() & rules.DATA_FACTS]):
            if made.made is not None:
                self.witness.see(made.made)
        everything = rules.facts(rule.keeps, names) | told
        for value in names.get("self", NOTHING):
            if type(value) is Thing:
                everything = {**value.facts, **everything}
                for word, values in rules.facts(rule.sets, names).items():
                    more = word == CONTENT and word in value.facts
                    value.facts[word] = union((value.facts[word], values)) if more else values
        place = self._place(node, rule.parameters[0] if rule.parameters else "")
        sighting: Sighting | None = None
        if rule.primitive or told or rule.findings or rule.assures:
            harmless = rules.harmless(rule, names)
            kept = "iv" in told and self._is_kept(rule, told["iv"], node)
            if "iv" in told and self.nonces.is_reused(self.scope, everything, self.loops, kept=kept):
                rule = replace(rule, findings=(*rule.findings, "nonce-reuse"))
            if hashes_password(rule, node):
                rule = replace(rule, findings=(*rule.findings, "weak-kdf"))
            sighting = Sighting(place, rule, everything, frozenset(told), harmless, self.within())
            self._sighted(sighting)
        if rule.fills is not None:
            self._fill(rule, names, place, node)
        result = rules.returned(rule, names, everything)
        if rule.origin == WEAK_RANDOM and rule.fills is None:
            result = (self._data(rule, names, place),)
        if rule.origin == RANDOM:
            for value in (*result, *rules.of_term(rule.fills, names)):
                if isinstance(value, Data):
                    self.nonces.renew(self.scope, value, self.loops)
        if rule.into is not None:
            self._put(rule, result, node)
        if rule.unless_taken and isinstance(result[0], Thing):
            result[0].untaken = sighting
            self.untaken.append(result[0])
        return result

    def _is_kept(self, rule: Rule, nonces: Values, node: program.Call) -> bool:
        """Whether a call's nonce is older than the functions that run, and a field or a file's variable has it."""
        if not any(type(value) is Data and self.nonces.is_older(value) for value in nonces):
            return False
        term = rule.facts["iv"]
        name = term[1:] if isinstance(term, str) else ""
        position = rule.parameters.index(name) if name in rule.parameters else len(node.args)
        given = node.args[position] if position < len(node.args) else node.keywords.get(name)
        while isinstance(given, program.Index):
            given = given.base
        if isinstance(given, program.Member):
            return any(isinstance(value, Instance) for value in self.evaluate(given.base))
        scope = self.scope.find(given.name) if isinstance(given, program.Name) else None
        return scope is not None and not scope.is_function

    def _returned_key(self, values: Values) -> Values:
        """A key that a function of the program returns to the library that calls it."""
        if not any(type(value) is Closure for value in values):
            return values
        unknown = Arguments([], {}, incomplete=True)
        results = (self.run(value, unknown) if type(value) is Closure else (value,) for value in values)
        return union(tuple(self._first(each)) for each in results)

    @staticmethod
    def _first(values: Values) -> Values:
        """Go's functions return an array: the key, and an error."""
        return union(value.items[0] if type(value) is Array and len(value.items) == 2 else (value,) for value in values)

    def option(self, name: str, values: Values, line: int) -> None:
        place = program.Call(program.Name(name), [], {}, line, 1, line, 1)
        self._known(self.knowledge.options[name], Arguments([values], {}), place)

    def _sighted(self, sighting: Sighting) -> None:
        assured = MAC if sighting.rule.primitive == "mac" else sighting.rule.assures
        if assured:
            self.witness.assured.update((assured, each) for each in sighting.within)
        if not sighting.rule.unless_taken and not self.tests_others():
            self.witness.see(sighting)

    def _fill(self, rule: Rule, names: dict[str, Values], place: Place, node: program.Call) -> None:
        """A buffer gets new data; a variable that had other data has these now."""
        made = self._data(rule, names, place)
        buffers = rules.of_term(rule.fills, names)
        for buffer in buffers:
            if isinstance(buffer, Data):
                buffer.origin, buffer.made = made.origin, made.made
        position = (
            rule.parameters.index(str(rule.fills)[1:]) if str(rule.fills)[1:] in rule.parameters else len(node.args)
        )
        if position < len(node.args) and not any(isinstance(buffer, Data | Instance | Thing) for buffer in buffers):
            self.assign(node.args[position], (made,))

    @staticmethod
    def _data(rule: Rule, names: dict[str, Values], place: Place) -> Data:
        made = rules.made(rule, names)
        if made.origin == WEAK_RANDOM:
            made.made = weakness(rule, place)
        return made

    def _put(self, rule: Rule, result: Values, node: program.Call) -> None:
        """The result becomes the value of the variable that is the argument ``into``, with ``&`` or without."""
        position = rule.parameters.index(str(rule.into)[1:])
        if position < len(node.args) and result:
            self.assign(node.args[position], result)

    @abstractmethod
    def assign(self, target: program.Expression, values: Values, *, local: bool = False) -> None:
        """Give ``target`` these values."""


def _overloads(found: Values, arguments: Arguments) -> Values:
    """Of several functions of the program, those for as many arguments as there are; all if none is."""
    if arguments.incomplete or not all(isinstance(value, Closure) for value in found):
        return found
    count = len(arguments.positional) + len(arguments.keywords)
    return tuple(value for value in found if isinstance(value, Closure) and _takes(value, count)) or found


def _takes(closure: Closure, count: int) -> bool:
    parameters = closure.function.parameters[0 if closure.function.static or closure.owner is None else 1 :]
    return len(parameters) == count or any(parameter.kind or parameter.default for parameter in parameters)
