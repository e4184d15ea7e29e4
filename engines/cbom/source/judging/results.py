"""Result: one use or weakness at one place, as all formats tell it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from engines.cbom.source.evaluation.sightings import Place


@dataclass(frozen=True, slots=True)
class Kind:
    """Class of findings, from ``findings.toml``."""

    name: str
    title: str
    level: str
    """SARIF's ``error``, ``warning`` or ``note``."""

    why: str
    instead: str = ""
    general: str = ""
    """``why`` without a certain algorithm; "" if ``why`` speaks of none."""

    cryptoserve: str = ""
    """How this service does what the place is for; "" if it doesn't."""

    @property
    def why_in_general(self) -> str:
        """Why it matters, without a certain algorithm."""
        return self.general or self.why


@dataclass(frozen=True, slots=True)
class Result:
    """A use or a weakness. What isn't known is "" or 0."""

    place: Place
    finding: str
    primitive: str
    algorithm: str
    library: str
    mode: str = ""
    padding: str = ""
    key_bits: int = 0
    curve: str = ""
    reason: str = ""
    instead: str = ""
    text: str = ""
    """The line of the source."""

    suppressed: str = ""
    """The reason for which a comment suppresses it; "" if none does."""

    @property
    def kind(self) -> Kind:
        """What the finding is."""
        return kinds()[self.finding]


@cache
def kinds() -> dict[str, Kind]:
    """All findings, by name."""
    file = resources.files("engines.cbom.source.judging") / "findings.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: Kind(name, **row) for name, row in rows.items()}
