"""Calls: of the program's own functions and classes, of library functions with rules, and of intrinsics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engines.cbom.source import program
from engines.cbom.source.evaluation.evidence.named_versions import tell_versions
from engines.cbom.source.evaluation.evidence.secrets import is_login
from engines.cbom.source.evaluation.functions import callbacks, go, intrinsics
from engines.cbom.source.evaluation.functions.c_family.c import may_set
from engines.cbom.source.evaluation.functions.receivers import overloads
from engines.cbom.source.evaluation.libraries import ERROR_FIRST, Libraries
from engines.cbom.source.evaluation.lifetimes.arguments import without_placeholders
from engines.cbom.source.evaluation.lifetimes.given import GivenBack
from engines.cbom.source.evaluation.lifetimes.mentions import tell_called
from engines.cbom.source.evaluation.lifetimes.scopes import note_literals
from engines.cbom.source.evaluation.rules import TYPES, Arguments
from engines.cbom.source.values import (
    MAX_ITEMS,
    NOTHING,
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
    Super,
    Table,
    Thing,
    Unknown,
    Value,
    Values,
    is_static,
    union,
    weak_among,
)

_MAX_BASES = 8
_IMPLEMENTING = "impl Self"
"""The parameter of a trait's function that is the type for which it is called (Rust)."""

_GROWING = frozenset({"push_back", "append", "push", "unshift", "WriteByte", "WriteRune", "WriteString"})
"""Methods by which a text or buffer grows: what a weak generator made of a part makes the whole weak."""

_GENERIC = frozenset({"rust", "cpp"})
"""Languages whose calls give types to functions."""
_FUNCTIONS = frozenset({Closure, Bound})
_REFERENCES = frozenset({Ref, Method})
_COMBINING = frozenset({"andThen", "compose", "negate", "and", "or", "reversed", "thenComparing", "equals", "hashCode"})
"""Methods of Java's functional interfaces that don't call the function."""

_APPLYING = frozenset(
    {"get", "apply", "call", "accept", "test", "run", "execute", "invoke", "create", "getAsInt", "applyAsInt"}
)
"""The names by which most functional interfaces call it."""

_SETTING = ("set", "with", "add")
"""How methods of Java begin that change an object, or one of the same kind, and give it back."""

_KINDS: dict[type, str] = {Data: "bytes", Array: "array", Table: "table", Closure: "function", Bound: "function"}


class Calls(Libraries):
    """The part of the evaluator for calls."""

    given_back: GivenBack
    """What functions give to their callers' arguments."""

    _site: program.Call | None = None
    """The call that runs, or whose arguments are evaluated."""

    def call(self, node: program.Call) -> Values:
        """The result of a call; what is known of it is reported."""
        self.calls += 1
        outer, self._site = self._site, node
        callee = self._callee(node.callee)
        keyed, self.keyed = self.keyed, self._purpose(callee) if self.open_names else ""
        arguments = self._arguments(node)
        self._site, self.keyed = outer, keyed
        if len(arguments.positional) > 1:
            self._tell_named(arguments, node.callee)
        if type(node.callee) is program.Member:
            name = node.callee.name
            if name in _GROWING:
                weak = weak_among(arguments.positional)
                if weak:
                    self.assign(node.callee.base, weak)
                    return weak
            callee = tuple([Method(value, name) if type(value) is Unknown else value for value in callee])
        if len(callee) > 1:
            callee = overloads(callee, arguments)
        if len(callee) == 1:
            self.nonces.single = type(node.callee) is program.Function  # Nothing else can call it.
            result = self.apply(callee[0], arguments, node)
        else:
            result = union(self.apply(value, arguments, node) for value in callee) or UNKNOWN
        if result is UNKNOWN and not any(isinstance(value, Closure | Class) for value in callee):
            for name in arguments.keywords.keys() & self.knowledge.options.keys():
                self.option(name, arguments.keywords[name], node.line, of=callee)
            if node.creates and self.open_names:
                self._tell_fields(callee, arguments, node)
            tell_versions(self, node.keywords.values(), node.line)
            if not node.creates:
                arguments.may_fill()
                may_set(self, node, arguments)
        return result

    def _purpose(self, callee: Values) -> str:
        """What a call of a library takes algorithms for: a MAC or a KDF, a question, or else."""
        found = self.knowledge.calls.get(callee[0].path, ()) if len(callee) == 1 and type(callee[0]) is Ref else ()
        for rule in found:
            if rule.asks:
                return "question"
            if rule.primitive in ("mac", "kdf"):
                return "key"
        return ""

    def _callee(self, node: program.Expression) -> Values:
        """What a call calls. Methods of Java have names of their own, which fields may have too."""
        apart = self.methods_apart
        if type(node) is program.Member and apart:
            values = without_placeholders(self.evaluate(node.base))
            return union(self._method_of(value, node.name) for value in values) or UNKNOWN
        if type(node) is not program.Name:
            return self.evaluate(node)
        callee = self.lookup(node.name)
        if self.held.waiting:
            self.held.read(node.name, callee, self.witness)
        scope = self.scope.find(node.name) if apart else None
        receiver = None if scope is None else self.receiver_in(scope)
        if scope is None or not scope.is_class:
            return callee
        if receiver is not None:
            return self._method_of(receiver, node.name)
        return tuple(value for value in callee if type(value) is Closure) or callee

    def _method_of(self, value: Value, name: str) -> Values:
        if type(value) in _FUNCTIONS and name not in _COMBINING:
            named = type(value) is Closure and value.function.name  # A method's name may be a field's too.
            if not named or name in _APPLYING:
                return (value,)
        if name in _APPLYING and type(value) in _REFERENCES and self._is_function_of_library(value):
            return (value,)
        if type(value) is Instance and name in value.fields:
            bound = [self._of_instance(each, value) for each in self._class_member(value.of, name)]
            methods = union(tuple(one for one in each if type(one) is Closure) for each in bound)
            if methods:
                return methods
        return self.members((value,), name)

    def _is_function_of_library(self, value: Value) -> bool:
        """Whether a method reference is to a function that knowledge has a rule for: ``MessageDigest::getInstance``."""
        if type(value) is Ref:
            return value.path in self.knowledge.calls
        return type(value) is Method and f"{self._type_of(value.receiver)}.{value.name}" in self.knowledge.calls

    def _tell_named(self, arguments: Arguments, callee: program.Expression) -> None:
        """Report weak generators among the arguments of a call that names a secret: ``addCookie("session", value)``."""
        for values in arguments.positional:
            if len(values) == 1 and type(values[0]) is Known and isinstance(values[0].value, str):
                name = values[0].value
                cookie = type(callee) is program.Member and "cookie" in callee.name.lower() and is_login(name)
                for others in arguments.positional:
                    self.tell_secret("cookie" if cookie else name, others)

    def _arguments(self, node: program.Call) -> Arguments:
        positional: list[Values] = []
        found = Arguments(positional, {})
        for arg in node.args:
            if type(arg) is program.Spread:
                for value in self.evaluate(arg.value):
                    if type(value) is Array and len(positional) + len(value.items) <= MAX_ITEMS:
                        positional.extend(value.items)
                    else:
                        found.incomplete = True
            else:
                positional.append(self.evaluate(arg))
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
            return self._referred(callee, arguments, node)
        if isinstance(callee, Method):
            return self._method(callee.receiver, callee.name, arguments, node)
        if isinstance(callee, Closure):
            return self.expand(callee, arguments, node) if callee.function.macro else self._ran(callee, arguments, node)
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
        if isinstance(callee, Super):
            return self._construct_above(callee, arguments, node)
        if isinstance(callee, Data) and callee.origin == WEAK_RANDOM:
            return (callee,)  # C++: the generator itself is called.
        if isinstance(callee, Known) and self.scope.source.language == "go":
            return (callee,)  # A library's constant that is a function in its newer versions.
        return UNKNOWN

    def _referred(self, callee: Ref, arguments: Arguments, node: program.Call) -> Values:
        """The result of a library's function; where it is written elsewhere, its weakness is told there."""
        if callee.place is None:
            return self._library(callee.path, arguments, node)
        tell_called(self.knowledge, callee, self.witness)
        outer, self.called_mention = self.called_mention, True
        try:
            return self._library(callee.path, arguments, node)
        finally:
            self.called_mention = outer

    def _ran(self, callee: Closure, arguments: Arguments, node: program.Call) -> Values:
        """The result of a function of the program; what it gives back becomes the value of its arguments."""
        arguments = self._with_implementing(callee, arguments, node.callee)
        if arguments.keywords and self.scope.source.language in _GENERIC and _gives_types(arguments):
            arguments.site = self._place(node)
        result = self.run(callee, arguments)
        for position, values in self.given_back.last.items():
            target = node.args[position] if position < len(node.args) else None
            if isinstance(target, program.Name | program.Member):
                self.assign(target, values)
        self.given_back.last = {}
        return result

    def site(self) -> program.Call:
        """The call that runs a function of the language."""
        assert self._site is not None
        return self._site

    def _with_implementing(self, callee: Closure, arguments: Arguments, node: program.Expression) -> Arguments:
        """The arguments with the type for which a trait's function is called: ``Self`` in it."""
        parameters = callee.function.parameters
        if not parameters or parameters[-1].name != _IMPLEMENTING:
            return arguments
        own: Values = NOTHING
        if isinstance(callee.receiver, Instance):
            own = (callee.receiver.of,)
        elif type(node) is program.Member and type(node.base) in (program.Name, program.Member):
            own = self.evaluate(node.base)
        return replace(arguments, keywords={**arguments.keywords, _IMPLEMENTING: own}) if own else arguments

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

    def _instance(self, of: Class, arguments: Arguments, node: program.Call) -> Values:
        result = Instance(of, {})
        for name in intrinsics.CONSTRUCTORS:
            found = self._instance_member(result, name) if self._class_member(of, name) else NOTHING
            if any(type(each) is Closure for each in found):
                for each in overloads(found, arguments):
                    self.apply(each, arguments, node)
                note_literals(of, _constants_in(result.fields), tests=self.in_test())
                return (result,)
        if len(arguments.positional) == 1 and any(_is_object_of(value, of) for value in arguments.positional[0]):
            return arguments.positional[0]  # C++: a copy.
        for base in of.bases:
            if type(base) is Ref:  # Without a constructor of its own, it has that of the library's type above it.
                self.apply(base, arguments, node)
        given = dict(zip(of.field_names(), arguments.positional, strict=False)) | arguments.keywords
        result.fields.update(given)
        note_literals(of, given, tests=self.in_test())
        return (result,)

    def _construct_above(self, above: Super, arguments: Arguments, node: program.Call) -> Values:
        """``super(...)``: the constructor above in JavaScript; in Python it only stands for what is above."""
        if self.scope.source.language not in ERROR_FIRST:
            return (above,)
        for base in above.owner.bases:
            if type(base) is Ref:
                self.apply(base, arguments, replace(node, creates=True))
        for name in intrinsics.CONSTRUCTORS:
            for each in self._inherited(above, name):
                if type(each) is Closure:
                    self.apply(each, arguments, node)
        return UNKNOWN

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
        found = table.get(f"?.{name}") if base and self.open_names else None
        if found:  # A method of an object that a header declares, which isn't here.
            return self._known(found, arguments, node)
        called = callbacks.METHODS.get(name) if base else None
        return UNKNOWN if called is None else called(self, replace(arguments, receiver=(Ref(base),)))

    def tell_switches(self, functions: Values, arguments: Arguments) -> set[str]:
        """Report what arguments of library functions turn off, where they are bound; returns their names."""
        told: set[str] = set()
        for value in functions:
            path = value.path if isinstance(value, Ref) else ""
            if isinstance(value, Method) and isinstance(value.receiver, Thing):
                path = f"{value.receiver.type}.{value.name}"
            found = [rule for rule in self.knowledge.calls.get(path, ()) if not rule.primitive and not rule.result]
            names = [word for rule in found for word in rule.parameters if word in arguments.keywords]
            if names and self._site is not None:
                self._known(found, arguments, self._site)
                told.update(names)
        return told

    def _method(self, receiver: Value, name: str, arguments: Arguments, node: program.Call) -> Values:
        with_receiver = Arguments(arguments.positional, arguments.keywords, (receiver,), arguments.incomplete)
        kind = self._type_of(receiver)
        for _ in range(_MAX_BASES):
            found = self.knowledge.calls.get(f"{kind}.{name}")
            intrinsic = intrinsics.FUNCTIONS.get(f"{kind}.{name}")
            if found:
                result = self._known(found, with_receiver, node)
                if intrinsic is None:
                    return result
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
        if type(receiver) is Thing and self.methods_apart and name.startswith(_SETTING):
            return (receiver,)  # As builders do.
        if type(receiver) is Data and receiver.origin == WEAK_RANDOM and go.is_form(name, self.scope.source.language):
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


def _is_object_of(value: Value, kind: Class) -> bool:
    return type(value) is Instance and value.of is kind


def _constants_in(fields: Mapping[str, Values]) -> dict[str, Values]:
    """The constants that fields have."""
    return {name: values for name, values in fields.items() if values and all(is_static(value) for value in values)}


def _gives_types(arguments: Arguments) -> bool:
    return any(name.startswith(TYPES) for name in arguments.keywords)
