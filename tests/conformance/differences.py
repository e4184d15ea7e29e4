"""Where CryptoServe answers otherwise than OpenBao, on purpose, and what it can't do yet.

Everything not in these two tables must be equal. A declared difference that no longer differs fails the suite, and so
does a scenario in ``NOT_YET`` that has come to pass: the tables say what is so, no less and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.conformance.steps import Scenario, Step


@dataclass(frozen=True, slots=True)
class Difference:
    """In steps ``step`` of the scenarios ``scenario``, places ``where`` may differ.

    All three are patterns, as of file names (``*``, ``?``). In each scenario that the pattern matches, at least one
    step must make use of the row.
    """

    scenario: str
    step: str
    where: str
    reason: str

    def covers(self, scenario: Scenario, step: Step, place: str) -> bool:
        """Whether a difference at ``place`` in the answer to ``step`` is this one."""
        return (
            fnmatchcase(scenario.name, self.scenario)
            and fnmatchcase(step.name, self.step)
            and fnmatchcase(place, self.where)
        )


DIFFERENCES: tuple[Difference, ...] = ()

NOT_YET: Mapping[str, str] = {}
"""Scenario -> what is missing."""
