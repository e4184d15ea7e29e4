"""The evaluator: statements, functions and files of a program.

A file is run from its beginning to its end; then every function that no call has reached runs with arguments of which
nothing is known but their defaults. A call runs the function with the arguments that are known there, to a bounded
depth, and once for each set of constants: so a weakness is found where it is (``Cipher.getInstance(name)``) though the
constant stands at a caller, in a field or in another file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.evaluation.branches import Branches
from engines.cbom.source.evaluation.evidence.named_versions import tell_versions
from engines.cbom.source.evaluation.evidence.secrets import gives_secret
from engines.cbom.source.evaluation.evidence.switches import NOT_CHOSEN, inherited, is_chosen, unless_flag
from engines.cbom.source.evaluation.expressions import Exhausted
from engines.cbom.source.evaluation.functions.intrinsics import CONSTRUCTORS
from engines.cbom.source.evaluation.lifetimes.arguments import of_any_kind, opened
from engines.cbom.source.evaluation.lifetimes.contexts import MARKED, ORDERS, context_of, order_of
from engines.cbom.source.evaluation.lifetimes.given import GivenBack
from engines.cbom.source.evaluation.lifetimes.held import Held
from engines.cbom.source.evaluation.lifetimes.inheritance import Types, inherited_methods, overrides
from engines.cbom.source.evaluation.lifetimes.mentions import note_taken
from engines.cbom.source.evaluation.lifetimes.nonces import Nonces
from engines.cbom.source.evaluation.lifetimes.runs import Runs, is_factory, most_contexts, passed_on, too_deep
from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.evaluation.lifetimes.settings import Settings
from engines.cbom.source.evaluation.names import Files
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.evaluation.sightings import Witness
from engines.cbom.source.knowledge.model import Knowledge
from engines.cbom.source.values import (
    CONSTANT,
    NOTHING,
    UNKNOWN,
    Class,
    Closure,
    Data,
    Instance,
    Super,
    Thing,
    Unknown,
    Values,
    union,
)

_MARKED_BY_PATH = ("go", "rust")
"""Languages of which the path of a file may tell that all of its functions are of tests."""


class Evaluator(Branches):
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
        self.untaken, self.taken, self.seeded, self.assures_nothing = [], set(), {}, {}
        self.held = Held()
        self.given_back = GivenBack()
        self.types = Types()
        self._given: dict[Any, Mapping[int, Values]] = {}
        self.nonces = Nonces()
        self.settings = Settings()
        self.telling = set()
        self.made: list[Closure] = []
        """The functions of the file that runs."""

        self.shared: dict[tuple[str, str], Thing] = {}
        """Objects that a library has for all of a file, by its path and their type."""

        self._heirs: list[Class] = []
        self._runs, self._tested = Runs(), Runs()
        self._running: list[Closure] = []
        self._running_tests = 0
        """How many of them are tests."""

        self._returned: list[Values] = []
        self._statements: dict[type, Callable[[Any], bool]] = {
            program.Assign: self._assign,
            program.Evaluate: self._evaluate,
            program.Return: self._return,
            program.Leave: self._leave,
            program.Branch: self.branch,
            program.Loop: self.loop,
            program.Attempt: self.attempt,
            program.Function: self._define,
            program.Class: self._define_class,
            program.Import: self.import_name,
        }

    # Files

    def load(self, module: program.Module, scope: Scope, steps: int) -> None:
        """Run a file's own statements, not yet its functions, in its ``scope``. Raises ``Exhausted``."""
        before = self.scope, self.steps, self.made, self._heirs, self.chosen
        self.scope, self.steps, self.made, self._heirs, self.chosen = scope, steps, [], [], NOT_CHOSEN
        try:
            for statement in module.body:  # Syntax that wasn't understood may leave the rest of a function here.
                self.block([statement])
        finally:
            scope.made, scope.heirs = self.made, self._heirs
            self.scope, self.steps, self.made, self._heirs, self.chosen = before

    def run_functions(self, scope: Scope, steps: int, orders: range = range(ORDERS)) -> None:
        """Run every function of a loaded file in its turn that no call has reached. Raises ``Exhausted``."""
        self.steps = steps
        self.made, self._heirs = scope.made, scope.heirs
        # A file without main may be a library's, whose public functions others call with anything.
        is_open = scope.source.language in MARKED and all(each.function.name != "main" for each in self.made)
        for order in orders:
            waiting = self.made[::-1]
            while waiting:
                closure, before = waiting.pop(), len(self.made)
                if closure.scope.source is not scope.source:
                    self.steps += self.files.lend_steps(closure.scope.source)
                if order_of(closure) <= order:
                    self._run_unreached(closure, again=is_open and not closure.function.internal)
                    waiting += self.made[: before - 1 : -1]  # What a function makes may set what the next one reads.
        if orders.stop < ORDERS:
            return
        for heir in self._heirs:
            self._run_inherited(heir)
        for thing in self.untaken:
            if thing.untaken is not None:
                taken = thing.untaken.place in self.taken
                self.witness.see(replace(thing.untaken, harmless=True) if taken else thing.untaken)
        self.untaken.clear()

    def _run_unreached(self, closure: Closure, *, again: bool) -> None:
        function = closure.function
        if function.macro or (not again and self._runs.reached(function) and not self._runs.is_variant(closure)):
            return
        receiver = closure.receiver
        if closure.owner is not None and not closure.function.static:
            receiver = closure.owner if function.of_class else self.construct(closure.owner)
            if not again and self._runs.reached(function):
                return  # It is the constructor.
        self.run(Closure(closure.function, closure.scope, closure.owner, receiver), Arguments([], {}, incomplete=True))

    def _run_inherited(self, of: Class) -> None:
        """Run inherited methods with an object of the class, if they use a library or may call what it overrides."""
        methods = list(inherited_methods(of))
        overridden = {each.owner for each in methods if each.owner and overrides(of, each.owner)}
        for closure in methods:
            if closure.function in self.telling or closure.owner in overridden:
                bound = Closure(closure.function, closure.scope, closure.owner, self.construct(of))
                self.run(bound, Arguments([], {}, incomplete=True))

    def superclass(self) -> Values:
        running = self._running[-1] if self._running else None
        if running is None or running.owner is None or running.receiver is None:
            return UNKNOWN
        return (Super(running.owner, running.receiver),)

    def imported(self, module: str) -> Values:
        """The module that a call imports by name."""
        return self._imported(self.scope.source, f"\0{module}\0")

    # Functions and classes

    def closure(self, node: program.Function) -> Values:
        made = Closure(node, self.scope)
        tell_versions(self, (each.default for each in node.parameters), node.line)
        node.test |= self.scope.source.test and self.scope.source.language in _MARKED_BY_PATH
        if not (self.scope.is_function and self.tests_others()):  # What it has from a test says nothing else.
            self.made.append(made)
        return (made,)

    def construct(self, of: Class) -> Instance:
        if of.sample is None:
            of.sample = Instance(of, {})
            for name in CONSTRUCTORS:
                for each in self._class_member(of, name):
                    if type(each) is Closure:
                        owner = each.owner or of
                        made = Closure(each.function, each.scope, owner, of.sample)
                        self.run(made, Arguments([], {}, incomplete=True))
        return of.sample

    def run(self, closure: Closure, arguments: Arguments) -> Values:
        function = closure.function
        chosen = inherited(self.chosen, function.name)
        key = context_of(closure, arguments, chosen)
        runs = self._tested if self._is_tested(function) else self._runs
        results = runs.of(function)
        if self.witness.assured:
            self.take_assurances(function)
        if key in results and not is_factory(function):
            silent = runs.is_silent(function, key) if function.macro else not self._repeats(closure, arguments, key)
            if silent:
                self.given_back.last = self._given.get((id(function), key), {})
                return self.nonces.anew(results[key], self.scope, self.loops, made=runs.makes(function, key))
        self.given_back.last = {}
        if too_deep(self._running):
            runs.cut(each.function for each in self._running)
            return arguments.unfollowed()
        if self._is_running(function) or self._is_used_up(function, runs, arguments):
            note_taken(arguments.positional, self.witness)
            same = passed_on(function, arguments.positional) if closure.receiver is None else NOTHING
            return same or arguments.unfollowed()
        results[key], calls = UNKNOWN, self.calls
        outer, returned = self.scope, self._returned
        self.scope = opened(self, closure, arguments)
        self._returned = []
        broken, self.broken = self.broken, None
        site, self._site = self._site, None
        keyed, self.keyed = self.keyed, ""
        before, self.chosen = self.chosen, chosen
        self._running.append(closure)
        self._running_tests += function.test
        begun = self.nonces.enter(self.scope)
        self.given_back.enter(function)
        try:
            self.block(function.body)
            result = union(self._returned)
            if function.returns is not None:
                self.check_function(function.returns, result)
        except Exhausted:
            runs.cut((function,))
            raise
        finally:
            self.given_back.leave(1 if closure.receiver is not None and not function.static else 0)
            self._running.pop()
            self._running_tests -= function.test
            self.nonces.leave()
            self.held.settle(self.scope, self.witness)
            self.scope, self._returned, self.broken, self._site = outer, returned, broken, site
            self.keyed, self.chosen = keyed, before
        if not result and function.returns is not None:
            result = self.of_type(function.returns)
        if gives_secret(function):
            self.tell_secret(function.name, result)
        if self.given_back.last:
            self._given[id(function), key] = self.given_back.last
        runs.note_making(function, key, made=self.nonces.are_new(result, begun))
        results[key] = result or UNKNOWN
        if function.macro and self.calls == calls:
            runs.keep_silent(function, key)
        return results[key]

    def _is_used_up(self, function: program.Function, runs: Runs, arguments: Arguments) -> bool:
        """Whether a function was run with as many sets of arguments as it may; then it runs with unknown ones too."""
        most = most_contexts(function)
        if len(runs.of(function)) < most + (arguments.incomplete and not arguments.positional):
            return False
        runs.cut((function,))
        return True

    def _repeats(self, closure: Closure, arguments: Arguments, key: Any) -> bool:
        """Whether the same call is run once more, since it may use a nonce for the second time."""
        own = closure.receiver.fields.values() if isinstance(closure.receiver, Instance) else ()
        given = (*arguments.positional, *arguments.keywords.values(), *own)
        return self.nonces.is_repeated((id(closure.function), key), given)

    def running(self) -> program.Function | None:
        return self._running[-1].function if self._running else None

    def filled_by(self, parameter: str) -> str:
        function = self.running()
        own = function is not None and any(each.name == parameter for each in function.parameters)
        return function.name if own and function is not None else ""

    def _is_running(self, function: program.Function) -> bool:
        for closure in self._running:
            if closure.function is function:
                return True
        return False

    def tests_others(self) -> bool:
        return bool(self._running) and self._is_tested(self._running[-1].function)

    def in_test(self) -> bool:
        return bool(self._running_tests)

    def _is_tested(self, function: program.Function) -> bool:
        """Whether a test is running, or about to run, a function that is none."""
        return bool(self._running_tests) and not function.test

    def within(self) -> frozenset[object]:
        if not self._running:
            return frozenset((self.scope.source,))
        found = {each for closure in self._running for each in (closure.function, closure.owner) if each is not None}
        around: Scope | None = self._running[0].scope
        while around is not None and around.is_function:  # A callback is part of the function that made it.
            found.add(around.function)
            around = around.parent
        return frozenset(found)

    # Statements

    def block(self, body: list[program.Statement]) -> bool:
        """Run statements; whether control left."""
        statements = self._statements
        for statement in body:
            self.steps -= 1
            if statements[type(statement)](statement):
                return True
        return False

    def _evaluate(self, node: program.Evaluate) -> bool:
        self.dropped = node.value
        self.evaluate(node.value)
        return False

    def _return(self, node: program.Return) -> bool:
        if node.value is not None:
            self._returned.append(self.evaluate(node.value))
        self.breaks = False
        return True

    def _leave(self, node: program.Leave) -> bool:
        self.breaks = node.value is None
        if node.value is not None:
            self.evaluate(node.value)
        return True

    def _assign(self, node: program.Assign) -> bool:
        site = self._site
        if self.open_names and type(node.value) is program.Name:  # It may be a macro.
            self._site = program.Call(node.value, [], {}, node.line, 1, node.line, 1)
        if node.value is None:
            values = (self.of_type(node.declared) if node.declared is not None else NOTHING) or UNKNOWN
            values = of_any_kind(values) if self.scope.is_class else values
        else:
            values = self.held_value(node)
            if node.declared is not None and all(type(value) is Unknown for value in values):
                values = self.of_type(node.declared) or values
            elif node.declared is not None and self.scope.source.language == "c":
                values = self._placed(node.declared, values)
        self._site, self._line = site, node.line  # Functions that the value comes from have assignments of their own.
        if node.declared is not None:
            self.check_function(node.declared, values)
        if is_chosen(self, node.target):
            values = unless_flag(values, self.chosen)
        self.assign(node.target, values, local=node.local)
        return False

    def _placed(self, declared: program.Expression, values: Values) -> Values:
        """The values that a variable of C gets; new memory, as ``calloc`` gives it, is an object of the program's."""
        if not all(type(value) is Data and value.origin == CONSTANT for value in values):
            return values
        made = self.of_type(declared)
        return made if made and all(type(value) is Instance for value in made) else values

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
        if node.outside and not found:
            self.scope.set(node.name, self.files.included(self.scope.source, node.name))
        made = self.types.class_of(self.scope, node, bases)
        if not (node.interfaces and self.imports_library(found)):  # Rust: a trait of ours for a library's type.
            self.scope.set(node.name, (made,))
        inner = Scope(self.scope.source, self.scope, made.members, is_class=True, name=node.name, of=made)
        outer, self.scope = self.scope, inner
        start = len(self.made)
        try:
            self.block(node.body)
        finally:
            self.scope = outer
        for closure in [] if node.namespace else self.made[start:]:
            if closure.scope is inner:
                closure.owner = made
                if not self.implicit_self:
                    closure.scope = outer
        interfaces = union(self.evaluate(each) for each in node.interfaces)
        above = [base for base in bases if type(base) is Class]
        if above:
            self._heirs.append(made)
            for base in above:
                base.heirs.append(made)
        made.bases += [each for each in interfaces if type(each) is Class and each.members and each not in made.bases]
        self.check_overrides(made, (*made.bases, *interfaces))
        return False
