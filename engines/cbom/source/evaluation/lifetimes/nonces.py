"""Nonces: random data that more than one encryption uses as its nonce.

The call that used a nonce is noted in the scopes of all functions that run, under a name of its own: so a caller's
second call is told, while the arms of a branch don't know of each other's. In a loop, a nonce that was made before it
is used again. So is one that an object or a file keeps from before the call: each call encrypts with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.values import MAX_ITEMS, NOTHING, RANDOM, Data, Values, constants, known

_NONE = 0
"""The number of no call."""


@dataclass(slots=True)
class Nonces:
    """Uses of nonces in the functions that run."""

    _scopes: list[Scope] = field(default_factory=list)
    _begun: list[int] = field(default_factory=list)
    """The number of calls before each running function began."""

    _calls: int = 0
    single: bool = False
    """Whether the next function that begins runs once: a callback of a library's function, where that is called."""

    _repeated: set[Hashable] = field(default_factory=set)

    def enter(self, scope: Scope) -> int:
        """Note that a function begins to run in ``scope``. Returns the number of its call."""
        outer = self._begun[-1] if self._begun else 0
        self._calls += 1
        self._scopes.append(scope)
        self._begun.append(outer if self.single else self._calls)
        self.single = False
        return self._calls

    def leave(self) -> None:
        """Note that the innermost function ends."""
        self._scopes.pop()
        self._begun.pop()

    def is_older(self, value: Data) -> bool:
        """Whether data were made before the outermost function began."""
        return value.origin == RANDOM and bool(self._begun) and value.born < self._begun[0]

    @staticmethod
    def are_new(values: Values, call: int) -> bool:
        """Whether random data among ``values`` were made since a call began."""
        return any(type(value) is Data and value.origin == RANDOM and value.born >= call for value in values)

    def anew(self, values: Values, scope: Scope, loops: int, *, made: bool) -> Values:
        """What a function returns that is called once more, but not run: new data, if it ``made`` random ones."""
        if not made:
            return values
        again = tuple(replace(value) if type(value) is Data and value.origin == RANDOM else value for value in values)
        for value in again:
            if type(value) is Data and value.origin == RANDOM:
                self.renew(scope, value, loops)
        return again

    def is_reused(self, scope: Scope, facts: Mapping[str, Values], loops: int, call: int, *, kept: bool) -> bool:
        """Note the use of a call's nonces, if it encrypts; whether one of them was used before, or will be again.

        ``loops`` is the number of loops around the call, ``kept`` whether a field or a file's variable has the nonce.
        ``call`` is the call's number: it is one, whatever objects it may be of.
        """
        if constants(facts.get("direction", NOTHING)) != ["encrypt"]:
            return False
        reused = False
        for value in facts.get("iv", NOTHING):
            if isinstance(value, Data) and value.origin == RANDOM:
                name = _note(value)
                reused |= loops > value.loops or (kept and self.is_older(value))
                for each in self._scopes or [scope]:
                    reused |= not {_NONE, call}.issuperset(constants(each.names.get(name, NOTHING)))
                    each.set(name, known(call))
        return reused

    def is_repeated(self, call: Hashable, given: Iterable[Values]) -> bool:
        """Whether a call that ran before got random data, and runs for the second time."""
        for values in islice(given, MAX_ITEMS):
            for value in values:
                if type(value) is Data and value.origin == RANDOM and call not in self._repeated:
                    self._repeated.add(call)
                    return True
        return False

    def renew(self, scope: Scope, value: Data, loops: int) -> None:
        """Note that data are new at this point of the program, inside ``loops`` loops."""
        value.loops, value.born = loops, self._calls
        for each in self._scopes or [scope]:
            if _note(value) in each.names:
                each.set(_note(value), known(_NONE))


def _note(value: Data) -> str:
    return f"\0nonce {id(value)}"
