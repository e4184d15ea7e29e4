"""The evaluator: statements, functions and files of a program.

A file is run from its beginning to its end; then every function that no call has reached runs with arguments of which
nothing is known but their defaults. A call runs the function with the arguments that are known there, to a bounded
depth, and once for each set of constants: so a weakness is found where it is (``Cipher.getInstance(name)``) though the
constant stands at a caller, in a field or in another file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.acceptance import always_true, does_nothing, only_asserts
from engines.cbom.source.evaluation.assignments import Assignments
from engines.cbom.source.evaluation.contexts import context_of
from engines.cbom.source.evaluation.functions.intrinsics import CONSTRUCTORS
from engines.cbom.source.evaluation.names import Files
from engines.cbom.source.evaluation.nonces import Nonces
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.scopes import Scope
from engines.cbom.source.evaluation.sightings import ASSURANCES, Place, Sighting, Witness
from engines.cbom.source.knowledge.model import Knowledge
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Class,
    Closure,
    Instance,
    Ref,
    Table,
    Unknown,
    Values,
    union,
)

MAX_CALLS = 6
"""The greatest depth of calls that are followed: wrappers of wrappers are rare beyond three."""

_CHECKS_NOTHING = {"empty": does_nothing, "true": always_true, "asserts": only_asserts}

MAX_ANONYMOUS = 12
"""The greatest depth with functions without a name: callbacks and comprehensions."""

MAX_CONTEXTS = 12
"""The most sets of arguments with which one function is run."""


class Evaluator(Assignments):
    """Runs one language's files and tells of sightings."""

    def __init__(
        self,
        knowledge: Knowledge,
        files: Files,
        witness: Witness,
        *,
        implicit_self: bool = False,
        open_names: bool = False,
    ) -> None:
        super().__init__(knowledge, files, implicit_self=implicit_self, open_names=open_names)
        self.witness = witness
        self.untaken = []
        self.nonces = Nonces()
        self._made: list[Closure] = []
        self._results: dict[int, dict[Any, Values]] = {}
        self._running: list[Closure] = []
        self._returned: list[Values] = []
        self._statements: dict[type, Callable[[Any], bool]] = {
            program.Assign: self._assign,
            program.Evaluate: self._evaluate,
            program.Return: self._return,
            program.Leave: self._leave,
            program.Branch: self._branch,
            program.Loop: self._loop,
            program.Attempt: self._attempt,
            program.Function: self._define,
            program.Class: self._define_class,
            program.Import: self._import,
        }

    # Files

    def load(self, module: program.Module, scope: Scope, steps: int) -> None:
        """Run a file's own statements, not yet its functions, in its ``scope``. Raises ``Exhausted``."""
        before = self.scope, self.steps, self._made
        self.scope, self.steps, self._made = scope, steps, []
        try:
            self._block(module.body)
        finally:
            scope.made = self._made
            self.scope, self.steps, self._made = before

    def run_functions(self, scope: Scope, steps: int) -> None:
        """Run every function of a loaded file that no call has reached. Raises ``Exhausted``."""
        self.steps = steps
        self._made = scope.made
        for methods in (False, True):  # Functions first: they make the objects that methods belong to.
            for closure in self._made:  # Grows while functions make functions.
                if methods or closure.owner is None:
                    self._run_unreached(closure)
        for thing in self.untaken:
            if thing.untaken is not None:
                self.witness.see(thing.untaken)
        self.untaken.clear()

    def _run_unreached(self, closure: Closure) -> None:
        if id(closure.function) in self._results or closure.function.macro:
            return
        receiver = None
        if closure.owner is not None and not closure.function.static:
            receiver = self.construct(closure.owner)
        self.run(Closure(closure.function, closure.scope, closure.owner, receiver), Arguments([], {}, incomplete=True))

    def imported(self, module: str) -> Values:
        """The module that a call imports by name."""
        return self._imported(self.scope.source, f"\0{module}\0")

    # Functions and classes

    def closure(self, node: program.Function) -> Values:
        made = Closure(node, self.scope)
        self._made.append(made)
        return (made,)

    def construct(self, of: Class) -> Instance:
        if of.sample is None:
            of.sample = Instance(of, {})
            for name in CONSTRUCTORS:
                for each in of.members.get(name, NOTHING):
                    if type(each) is Closure:
                        self.run(Closure(each.function, each.scope, of, of.sample), Arguments([], {}, incomplete=True))
        return of.sample

    def run(self, closure: Closure, arguments: Arguments) -> Values:
        function = closure.function
        key = context_of(closure, arguments)
        results = self._results.setdefault(id(function), {})
        for assurance in ASSURANCES:
            if (assurance, function) in self.witness.assured:
                self.witness.assured.update((assurance, each) for each in self.within())
        if key in results and not function.macro and not self._repeats(closure, arguments, key):
            return results[key]
        if self._is_running(function) or self._too_deep() or len(results) >= MAX_CONTEXTS:
            return UNKNOWN
        results[key] = UNKNOWN
        outer, returned = self.scope, self._returned
        self.scope = self._opened(closure, arguments)
        self._returned = []
        self._running.append(closure)
        self.nonces.enter(self.scope)
        try:
            self._block(function.body)
            result = union(self._returned)
        finally:
            self._running.pop()
            self.nonces.leave()
            self.scope, self._returned = outer, returned
        if not result and function.returns is not None:
            result = self.of_type(function.returns)
        self.tell_secret(function.name, result)
        results[key] = result or UNKNOWN
        return results[key]

    def _repeats(self, closure: Closure, arguments: Arguments, key: Any) -> bool:
        """Whether the same call is run once more, since it may use a nonce for the second time."""
        own = closure.receiver.fields.values() if isinstance(closure.receiver, Instance) else ()
        given = (*arguments.positional, *arguments.keywords.values(), *own)
        return self.nonces.is_repeated((id(closure.function), key), given)

    def filled_by(self, parameter: str) -> str:
        function = self._running[-1].function if self._running else None
        own = function is not None and any(each.name == parameter for each in function.parameters)
        return function.name if own and function is not None else ""

    def _is_running(self, function: program.Function) -> bool:
        return any(closure.function is function for closure in self._running)

    def _too_deep(self) -> bool:
        depth = len(self._running)
        return depth >= MAX_ANONYMOUS or (
            depth >= MAX_CALLS and sum(1 for closure in self._running if closure.function.name) >= MAX_CALLS
        )

    def tests_others(self) -> bool:
        running = self._running
        return bool(running) and not running[-1].function.test and any(each.function.test for each in running)

    def within(self) -> frozenset[object]:
        if not self._running:
            return frozenset((self.scope.source,))
        return frozenset(
            each for closure in self._running for each in (closure.function, closure.owner) if each is not None
        )

    def _opened(self, closure: Closure, arguments: Arguments) -> Scope:
        """The scope of a call, with its parameters."""
        scope = Scope(closure.scope.source, closure.scope, is_function=True)
        parameters = closure.function.parameters
        first = 0
        if closure.receiver is not None and parameters and not closure.function.static:
            scope.names[parameters[0].name] = (closure.receiver,)
            first = 1
        outer, self.scope = self.scope, scope
        try:
            for position, parameter in enumerate(parameters[first:]):
                values = self._argument(parameter, position, arguments)
                scope.names[parameter.name] = values
                self.tell_secret(parameter.name, values)
        finally:
            self.scope = outer
        return scope

    def _argument(self, parameter: program.Parameter, position: int, arguments: Arguments) -> Values:
        if parameter.kind == "*":
            return (Array(arguments.positional[position:]),) if not arguments.incomplete else UNKNOWN
        if parameter.kind == "**":
            return (Table({name: values for name, values in arguments.keywords.items()}, arguments.incomplete),)
        if parameter.name in arguments.keywords:
            values = arguments.keywords[parameter.name]
        elif position < len(arguments.positional):
            values = arguments.positional[position]
        else:
            default = NOTHING if parameter.default is None else self.evaluate(parameter.default)
            values = union((default, UNKNOWN)) if arguments.incomplete or not default else default
        if parameter.declared is not None and all(type(value) is Unknown for value in values):
            return self.of_type(parameter.declared) or UNKNOWN
        return values

    # Statements

    def _block(self, body: list[program.Statement]) -> bool:
        """Run statements; whether control left."""
        for statement in body:
            self.steps -= 1
            if self._statements[type(statement)](statement):
                return True
        return False

    def _evaluate(self, node: program.Evaluate) -> bool:
        self.evaluate(node.value)
        return False

    def _return(self, node: program.Return) -> bool:
        if node.value is not None:
            self._returned.append(self.evaluate(node.value))
        return True

    def _leave(self, node: program.Leave) -> bool:
        if node.value is not None:
            self.evaluate(node.value)
        return True

    def _assign(self, node: program.Assign) -> bool:
        self._line = node.line
        if node.value is None:
            values = (self.of_type(node.declared) if node.declared is not None else NOTHING) or UNKNOWN
        else:
            values = self.evaluate(node.value)
            if node.declared is not None and all(type(value) is Unknown for value in values):
                values = self.of_type(node.declared) or values
        self.assign(node.target, values, local=node.local)
        return False

    def _branch(self, node: program.Branch) -> bool:
        changed, left, exhaustive = [], [], False
        for test, body in node.arms:
            held = None if test is None else operators.truth(self.evaluate(test))
            if held is False:
                continue
            self.scope.begin()
            try:
                away = self._block(body)
            finally:
                changes = self.scope.take_back()
            left.append(away)
            if not away:
                changed.append(changes)
            if test is None or held:
                exhaustive = True
                break
        self.scope.join(changed, none_ran=not exhaustive)
        return exhaustive and all(left) and bool(left)

    def _loop(self, node: program.Loop) -> bool:
        if node.test is not None and operators.truth(self.evaluate(node.test)) is False:
            return False
        self.scope.begin()
        self.loops += 1
        try:
            self._block(node.body)
        finally:
            self.loops -= 1
            changes = self.scope.take_back()
        self.scope.join([changes], none_ran=True)
        return False

    def _attempt(self, node: program.Attempt) -> bool:
        self.scope.begin()
        left = False
        try:
            left = self._block(node.body)
        finally:
            changes = self.scope.take_back()
        arms, away = [], [left]
        for handler in node.handlers:
            self.scope.begin()
            try:
                self.scope.join([changes], none_ran=True)
                gone = self._block(handler)
            finally:
                handled = self.scope.take_back()
            away.append(gone)
            if not gone:
                arms.append(handled)
        if not left or not arms:
            arms.append(changes)
        self.scope.join(arms, none_ran=False)
        return self._block(node.last) or all(away)

    def _define(self, node: program.Function) -> bool:
        values = self.closure(node)
        for decorator in node.decorators:
            self.evaluate(decorator)
        if self.scope.is_class and self.implicit_self:
            self.scope.add(node.name, values)
        else:
            self.scope.set(node.name, values)
        return False

    def _define_class(self, node: program.Class) -> bool:
        bases = [value for base in node.bases for value in self.evaluate(base)]
        found = self.scope.names.get(node.name, NOTHING)
        made = found[0] if len(found) == 1 and type(found[0]) is Class else Class(node, self.scope, {}, bases)
        self.scope.set(node.name, (made,))
        inner = Scope(self.scope.source, self.scope, made.members, is_class=True)
        outer, self.scope = self.scope, inner
        start = len(self._made)
        try:
            self._block(node.body)
        finally:
            self.scope = outer
        for closure in [] if node.namespace else self._made[start:]:
            if closure.scope is inner:
                closure.owner = made
                if not self.implicit_self:
                    closure.scope = outer
        interfaces = union(self.evaluate(each) for each in node.interfaces)
        self._check_overrides(made, (*made.bases, *interfaces))
        return False

    def _check_overrides(self, made: Class, bases: Values) -> None:
        """Report methods that check nothing where a library expects them to."""
        for base in bases:
            for override in self.knowledge.overrides.get(base.path, ()) if type(base) is Ref else ():
                for value in made.members.get(override.method, NOTHING):
                    if type(value) is Closure and _CHECKS_NOTHING[override.body](value.function):
                        line = value.function.line
                        place = Place(self.scope.source.path, line, 1, line, 1)
                        self.witness.see(Sighting(place, override.rule, {}, frozenset(), harmless=False))
                        made.accepts_all |= override.body == "asserts"

    def _import(self, node: program.Import) -> bool:
        if node.local == "*":
            self.scope.source.wildcards.append(node.module)
        else:
            self.scope.set(node.local, self.lazy_import(node))
        return False
