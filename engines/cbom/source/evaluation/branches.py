"""Branches, loops and exceptions: the joined state after several paths through the program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Container, Mapping, Sequence
from typing import TypeAlias

from engines.cbom.source import program
from engines.cbom.source.evaluation import operators
from engines.cbom.source.evaluation.assignments import Assignments
from engines.cbom.source.evaluation.evidence.switches import NOT_CHOSEN, chosen_by
from engines.cbom.source.evaluation.lifetimes.changing import changed_in, holds
from engines.cbom.source.evaluation.lifetimes.settings import Setting
from engines.cbom.source.evaluation.reporting import MEASURED
from engines.cbom.source.values import NOTHING, UNKNOWN, Known, Ref, Thing, Values, union

MAX_EARLIER_TESTS = 32
"""The most tests of a chain of alternatives that narrow later arms, so that a long chain takes linear time."""


_NARROWING = (program.Unary, program.Binary, program.Name)
"""Tests that tell something of variables."""

MAX_PARTS = 32
"""The most parts of a test that are looked at for what they tell of variables."""

_COMPARED = (program.Const, program.Name)
"""What a variable is compared with where that tells of its value."""

_SIZES = frozenset({"digest_size", "block_size", "key_size"})
"""Members of objects of Python's libraries that are sizes of their algorithm."""

_Clue: TypeAlias = tuple[str, program.Expression, bool]
"""A variable, a comparison of it or the variable alone, and whether that holds."""


class Branches(Assignments):
    """The part of the evaluator for statements that hold others."""

    breaks = False
    """Whether control left the last block by a ``break`` or the like, which doesn't leave the function."""

    broken: list[dict[str, Values]] | None = None
    """What the ways changed that left the function's innermost loop before its end; None outside of loops."""

    attempted: Sequence[program.Statement] = ()
    """The statements of the innermost attempt whose errors are handled."""

    @abstractmethod
    def block(self, body: list[program.Statement]) -> bool:
        """Run statements; whether control left."""

    def held_value(self, node: program.Assign) -> Values:
        """The value of an assignment; what was seen of an object that a function's variable gets is held."""
        assert node.value is not None  # A declaration without one has no value.
        if type(node.value) is not program.Call or type(node.target) is not program.Name:
            return self.evaluate(node.value)
        name = node.target.name
        scope = self.scope if node.local else self.scope.find(name)
        if name == "_" or scope is not self.scope or not scope.is_function:
            return self.evaluate(node.value)
        if node.local:  # Another variable of this name, in a block of its own, keeps its object.
            self.held.release(scope.names.get(name, NOTHING), self.witness)
        outer, self.assigned = self.assigned, (node.value, [])
        try:
            values = self.evaluate(node.value)
            sightings = self.assigned[1]
        finally:
            self.assigned = outer
        made = values[0] if len(values) == 1 else None
        lives_on = bool(sightings) and self.given_back.gives(name)
        if not lives_on and (type(made) is Thing or (type(made) is Known and sightings)):
            self.held.hold(scope, name, made, sightings)
        else:
            for sighting in sightings:
                self.witness.see(sighting)
        return values

    def branch(self, node: program.Branch) -> bool:
        changed, left, exhaustive = [], [], False
        passed: list[_Clue] = []
        settings: list[Setting] = []
        tests = 0
        outer, otherwise, behind = self.chosen, NOT_CHOSEN, NOT_CHOSEN
        for test, body in node.arms:
            held = None if test is None else holds(self, test)
            if held is False and any(type(each) is program.Import for each in body):
                held = None  # What is imported is a matter of the installation.
            if held is False:
                continue
            unless = NOT_CHOSEN
            self.chosen = outer | otherwise
            if held is None and test is not None and self.scope.source.has_switches:
                self.chosen |= chosen_by(self, test, holds=True)
                unless = chosen_by(self, test, holds=False)
                otherwise |= unless
            self.scope.begin()
            self.settings.begin()
            try:
                self._narrow(passed)
                if isinstance(test, _NARROWING):  # Others tell nothing of variables.
                    self._narrow(_clues(test, holds=True))
                    if tests < MAX_EARLIER_TESTS:
                        tests += 1
                        passed += _clues(test, holds=False)
                self.breaks = False
                away = self.block(body)
            finally:
                changes = self.scope.take_back()
                self.chosen = outer
                settings += self.settings.take_back()
            left.append(away)
            if away and not self.breaks:
                behind |= unless
            if not away:
                changed.append(changes)
            elif self.breaks:  # What it changed holds behind the loop, or behind the switch.
                (changed if self.broken is None else self.broken).append(changes)
            if test is None or held:
                exhaustive = True
                break
        for setting in settings:
            self.settings.set(*setting)
        self.chosen |= behind
        passing = {} if exhaustive else self._narrowed(passed)
        self.scope.join([*changed, passing] if passing else changed, none_ran=not exhaustive and not passing)
        return exhaustive and all(left) and bool(left)

    def _narrowed(self, clues: list[_Clue]) -> dict[str, Values]:
        """What is known of variables from tests that didn't hold."""
        self.scope.begin()
        try:
            self._narrow(clues)
        finally:
            changes = self.scope.take_back()
        return changes

    def loop(self, node: program.Loop) -> bool:
        if node.first:
            return self._once(node)
        if node.test is not None and holds(self, node.test) is False:
            return False
        outer, self.broken = self.broken, []
        self.scope.begin()
        self.loops += 1
        chosen = self.chosen
        try:
            self._vary(node)
            self.block(node.body)
        finally:
            self.chosen = chosen
            self.loops -= 1
            changes = self.scope.take_back()
            broken, self.broken = self.broken, outer
        self.scope.join([changes, *(broken or ())], none_ran=True)
        return False

    def _once(self, node: program.Loop) -> bool:
        """A loop whose body runs before its test; whether all of its ways left the function."""
        outer, self.broken = self.broken, []
        self.scope.begin()
        try:
            away = self.block(node.body)
        finally:
            changes = self.scope.take_back()
            broken, self.broken = self.broken, outer
        if away and not self.breaks and not broken:
            return True
        joined: dict[str, list[Values]] = {name: [values] for name, values in changes.items()}
        for way in broken:
            for name, values in way.items():
                joined.setdefault(name, [self.scope.names.get(name, NOTHING)]).append(values)
        for name, each in joined.items():
            self.scope.set(name, union(each))
        if node.test is not None:
            self.evaluate(node.test)
        return False

    def _vary(self, node: program.Loop) -> None:
        """Let numbers that a loop changes be others in later rounds than in the first: ``if (count > 2)``."""
        for name in changed_in(node):
            values = self.scope.names.get(name, NOTHING)
            if values and all(type(value) is Known and not isinstance(value.value, str | bytes) for value in values):
                self.scope.set(name, (*values, *UNKNOWN))

    def attempt(self, node: program.Attempt) -> bool:
        self.scope.begin()
        left = False
        outer, self.attempted = self.attempted, node.body if node.handlers else []
        try:
            left = self.block(node.body)
        finally:
            self.attempted = outer
            changes = self.scope.take_back()
        arms, away = [], [left]
        for handler in node.handlers:
            self.scope.begin()
            try:
                self.scope.join([changes], none_ran=True)
                gone = self.block(handler)
            finally:
                handled = self.scope.take_back()
            away.append(gone)
            if not gone:
                arms.append({**handled, **_imports_in(changes, handled, self.knowledge.prefixes)})
        if not left or not arms:
            arms.append(changes)
        self.scope.join(arms, none_ran=False)
        return self.block(node.last) or all(away)

    def is_probe(self, node: program.Call) -> bool:
        """Whether a call only tries whether there is such an object: it is dropped, and its errors are handled."""
        return (
            self.scope.source.language == "python"
            and node is self.dropped
            and any(type(each) is program.Evaluate and each.value is node for each in self.attempted)
        )

    def _member(self, node: program.Member) -> Values:
        """A member; ``hashlib.md5().digest_size`` only asks for a size."""
        if node.name not in _SIZES or type(node.base) is not program.Call:
            return super()._member(node)
        keyed, self.keyed = self.keyed, MEASURED
        try:
            return super()._member(node)
        finally:
            self.keyed = keyed

    def _narrow(self, clues: list[_Clue]) -> None:
        """Leave variables the values of which tests tell: ``if bits >= 2048``."""
        for name, part, expected in clues:
            values = self.scope.names.get(name, NOTHING)
            if len(values) < 2:
                continue
            if type(part) is program.Binary:
                told = self._compared(name, part, values)
            else:
                told = [operators.truth((value,)) for value in values]
            kept = tuple(value for value, held in zip(values, told, strict=True) if held in (None, expected))
            if kept and len(kept) < len(values):
                self.scope.set(name, kept)

    def _compared(self, name: str, test: program.Binary, values: Values) -> list[bool | None]:
        """Whether a comparison holds with each of the values of the variable ``name``, which is one of its sides."""
        first = type(test.left) is program.Name and test.left.name == name
        limit = self.evaluate(test.right if first else test.left)
        pairs = [((value,), limit) if first else (limit, (value,)) for value in values]
        return [operators.truth(operators.binary(test.operator, *pair)) for pair in pairs]


def _clues(test: program.Expression, *, holds: bool) -> list[_Clue]:
    """What a test tells of variables where it holds, or where it doesn't."""
    found: list[_Clue] = []
    waiting = [(test, holds)]
    for _ in range(MAX_PARTS):
        if not waiting:
            break
        part, expected = waiting.pop()
        if type(part) is program.Binary:
            if part.operator == ("and" if expected else "or"):
                waiting += [(part.left, expected), (part.right, expected)]
            elif part.operator in operators.COMPARISONS:
                for own, other in ((part.left, part.right), (part.right, part.left)):
                    if type(own) is program.Name and type(other) in _COMPARED:
                        found.append((own.name, part, expected))
        elif type(part) is program.Unary and part.operator == "not":
            waiting.append((part.operand, not expected))
        elif type(part) is program.Name:
            found.append((part.name, part, expected))
    return found


def _imports_in(
    changes: Mapping[str, Values], handled: Mapping[str, Values], libraries: Container[str]
) -> dict[str, Values]:
    """Names that were imported. What a handler has instead stands for them in older or poorer installations.

    Instead of a module that isn't known, what it imports may be meant: ``except ImportError: from hashlib import md5``.
    """
    imported = {name: values for name, values in changes.items() if _is_import(values)}
    return {
        name: values if _is_of(values, libraries) or not _is_import(handled.get(name, NOTHING)) else handled[name]
        for name, values in imported.items()
    }


def _is_of(values: Values, libraries: Container[str]) -> bool:
    return any(type(value) is Ref and value.path.split("\0")[1] in libraries for value in values)


def _is_import(values: Values) -> bool:
    return len(values) == 1 and type(values[0]) is Ref and values[0].path.startswith("\0")
