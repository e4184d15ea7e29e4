"""Packages that a lock file pins, with their package URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


class Ecosystem(StrEnum):
    """A registry of packages, by its type in package URLs."""

    NPM = "npm"
    PYPI = "pypi"
    CARGO = "cargo"


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a package, as a lock file pins it."""

    ecosystem: Ecosystem
    name: str
    """As its registry writes it: PyPI's in the normal form of PEP 503, npm's with its scope."""

    version: str
    """"" where the file doesn't pin one."""

    line: int
    """Where the file names it, from 1."""

    direct: bool | None = None
    """Whether the project itself asks for it; None where the format doesn't tell."""

    @property
    def purl(self) -> str:
        """The package URL (ECMA-427)."""
        name = "/".join(quote(part, safe="") for part in self.name.split("/"))
        version = f"@{quote(self.version, safe=':')}" if self.version else ""
        return f"pkg:{self.ecosystem.value}/{name}{version}"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Packages of a lock file."""

    packages: tuple[Package, ...]
    problems: tuple[str, ...] = ()
    """Why the file, or a part of it, could not be read."""


def normal_name(ecosystem: Ecosystem, name: str) -> str:
    """The name by which the packages of a registry are compared."""
    if ecosystem is Ecosystem.PYPI:
        return re.sub(r"[-_.]+", "-", name).lower()
    return name
