"""Result: one use or weakness at one place, for all report formats."""

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

    use: str = ""
    """The algorithm of the use that such a finding tells of where the call names none; "" if it tells of none."""

    primitive: str = "cipher"
    """The primitive of a place that names none."""

    chosen: str = ""
    """What a use says where a person's setting turns the check off that this is about."""

    cryptoserve: str = ""
    """How this service does what the place is for; "" if it doesn't."""

    @property
    def why_in_general(self) -> str:
        """Why it matters, without a certain algorithm."""
        return self.general or self.why


@dataclass(frozen=True, slots=True)
class Dependency:
    """A version of a package that a lock file names."""

    purl: str
    direct: bool | None
    """Whether the project itself asks for it; None if the file doesn't tell."""

    level: str
    """SARIF's level of its advisories."""

    last_line: int
    """The last line of what the file says of it."""

    advisories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    """The severity of each advisory, in CycloneDX's words."""

    fixed: tuple[str, ...] = ()


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

    raised: str = ""
    """SARIF's level where a profile raises that of the class."""

    dependency: Dependency | None = None
    """The package of a result in a lock file."""

    @property
    def level(self) -> str:
        """SARIF's level."""
        if self.dependency is not None:
            return self.dependency.level
        return self.raised or self.kind.level

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
