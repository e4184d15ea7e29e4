"""Settings: what calls set of objects of libraries, which the other arms of a branch don't see.

``if (curve) set_bits(key, 256); else set_type(key, RSA);`` makes no key of RSA with 256 bits. Behind the branch, what
any of its arms has set holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from engines.cbom.source.values import Thing, Values

Setting: TypeAlias = tuple[Thing, str, Values]
"""An object, the name of a fact, and what it is."""


@dataclass(slots=True)
class Settings:
    """The settings of the arms that run, which cost as much as they are, not as much as objects hold."""

    _journals: list[list[tuple[Thing, str, Values | None]]] = field(default_factory=list)
    """Of each arm, what its settings replaced."""

    def set(self, thing: Thing, word: str, values: Values) -> None:
        """Set a fact of an object."""
        if self._journals:
            self._journals[-1].append((thing, word, thing.facts.get(word)))
        thing.facts[word] = values

    def begin(self) -> None:
        """Begin an arm, which ``take_back`` ends."""
        self._journals.append([])

    def take_back(self) -> Iterable[Setting]:
        """Undo the settings of the arm; returns those that it ended with."""
        ended: dict[tuple[int, str], Setting] = {}
        for thing, word, before in reversed(self._journals.pop()):
            ended.setdefault((id(thing), word), (thing, word, thing.facts[word]))
            if before is None:
                del thing.facts[word]
            else:
                thing.facts[word] = before
        return ended.values()
