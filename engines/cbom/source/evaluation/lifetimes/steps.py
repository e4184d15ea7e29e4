"""Steps of the evaluator: how many a file may take, so that a scan takes time in proportion to the source."""

from __future__ import annotations

from dataclasses import dataclass

STEPS_PER_BYTE = 4
"""The most steps of the evaluator for each byte of a file: running everything once takes about a quarter of one."""

MIN_STEPS = 20_000


@dataclass(slots=True)
class Steps:
    """The steps of one file of ``size`` bytes."""

    size: int
    taken: int = 0
    """What its functions have taken."""

    _lent: bool = False

    @property
    def allowed(self) -> int:
        """The most that its own statements, and then its functions, may take."""
        return MIN_STEPS + STEPS_PER_BYTE * self.size

    def lend(self) -> int:
        """As many, once, for another file that makes functions of this one, such as a program's handlers."""
        lent, self._lent = 0 if self._lent else self.allowed, True
        return lent
