"""Values that functions give to their callers through pointers and references (C, C++)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.cbom.source.program import Function
from engines.cbom.source.values import NOTHING, Values, union


@dataclass(slots=True)
class GivenBack:
    """Values that parameters of the running functions point to in the end, where the functions change them."""

    last: Mapping[int, Values] = field(default_factory=dict)
    """Of the function that ran last, by the position of the parameter."""

    _frames: list[tuple[Function, dict[str, Values]]] = field(default_factory=list)

    def enter(self, function: Function) -> None:
        """Note that a function begins to run."""
        self._frames.append((function, {}))

    def leave(self, first: int) -> None:
        """Note that the innermost function ends, whose arguments begin with the parameter ``first``."""
        function, changed = self._frames.pop()
        parameters = function.parameters[first:] if changed else ()
        self.last = {position: changed[each.name] for position, each in enumerate(parameters) if each.name in changed}

    def gives(self, name: str) -> bool:
        """Whether what the innermost function assigns to ``name`` is its caller's (C++)."""
        if not self._frames:
            return False
        return any(each.reference and each.name == name for each in self._frames[-1][0].parameters)

    def note(self, name: str, values: Values, *, pointed: bool, certain: bool) -> None:
        """Note that the innermost function gives ``values`` to ``name``, or to what it points to, or may do so."""
        if not self._frames:
            return
        function, changed = self._frames[-1]
        if any(each.name == name and (pointed or each.reference) for each in function.parameters):
            changed[name] = values if certain else union((changed.get(name, NOTHING), values))
