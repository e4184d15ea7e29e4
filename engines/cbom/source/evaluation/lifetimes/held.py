"""Held sightings: of objects that a variable gets, until it is known whether the program uses them.

``Cipher c = Cipher.getInstance("DES"); c = Cipher.getInstance(strong); c.init(...)`` makes an object that nothing uses:
it is overwritten on every way. What is looked up is used; what a variable still has at the function's end may be. A
variable that nothing reads at all says nothing of which of its objects counts, so all of them do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.evaluation.sightings import Sighting, Witness
from engines.cbom.source.values import MAX_VALUES, Known, Thing, Value, Values


@dataclass(slots=True)
class _Held:
    thing: Thing | Known
    scope: Scope
    name: str
    sightings: list[Sighting]
    read: bool = False
    """Whether the variable was read since, which gave another object."""


@dataclass(slots=True)
class Held:
    """Sightings of objects that the variables of running functions got, by the object."""

    waiting: dict[int, _Held] = field(default_factory=dict)
    """By the object's identity. Where it is empty, there is nothing to release."""

    _of_scope: dict[int, list[_Held]] = field(default_factory=dict)
    _unread: dict[str, list[_Held]] = field(default_factory=dict)
    """By the name of the variable, which wasn't read since."""

    def hold(self, scope: Scope, name: str, thing: Thing | Known, sightings: list[Sighting]) -> None:
        """Keep the sightings of ``thing``, which the variable ``name`` of ``scope`` gets."""
        held = _Held(thing, scope, name, sightings)
        self.waiting[id(thing)] = held
        self._of_scope.setdefault(id(scope), []).append(held)
        self._unread.setdefault(name, []).append(held)

    def overwrite(self, values: Values, field_name: str) -> None:
        """Note that a field of objects that nothing has used yet gets another value: what it had is a use alone."""
        for value in values if len(values) == 1 else ():
            held = self.waiting.get(id(value))
            if held is not None:
                held.sightings = [
                    replace(each, harmless=True) if each.rule.parameters[:1] == (field_name,) else each
                    for each in held.sightings
                ]

    def read(self, name: str, values: Values, witness: Witness) -> None:
        """Note that the variable ``name`` is read, which has ``values``."""
        self.release(values, witness)
        for held in self._unread.pop(name, ()):
            held.read = True

    def release(self, values: Values, witness: Witness) -> None:
        """Note that ``values`` are used."""
        for value in values:
            held = self.waiting.pop(id(value), None)
            for sighting in [] if held is None else held.sightings:
                witness.see(sighting)

    def settle(self, scope: Scope, witness: Witness) -> None:
        """Note that the function of ``scope`` ends: what was overwritten on every way, and read then, is forgotten."""
        for held in self._of_scope.pop(id(scope), ()):
            if self.waiting.get(id(held.thing)) is not held:
                continue
            values = scope.names.get(held.name, ())
            kept = len(values) >= MAX_VALUES or any(_is_it(value, held.thing) for value in values)
            if kept or not held.read:
                self.release((held.thing,), witness)
            else:
                del self.waiting[id(held.thing)]
        if not self.waiting:
            self._unread.clear()


def _is_it(value: Value, thing: Thing | Known) -> bool:
    """Whether a value is what is held: of equal constants that several branches give, one stands for all."""
    return value is thing or (type(value) is Known and type(thing) is Known and value.value == thing.value)
