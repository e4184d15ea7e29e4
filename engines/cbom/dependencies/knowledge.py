"""Packages that do cryptography, and their primitives."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from engines.cbom.dependencies.model import Ecosystem


@dataclass(frozen=True, slots=True)
class Primitive:
    """A kind of cryptography that a package is for."""

    name: str
    algorithm: str
    """"" where the package has several."""


@cache
def cryptographic_packages() -> dict[tuple[Ecosystem, str], tuple[Primitive, ...]]:
    """The primitives of each package that does cryptography, the main one first."""
    text = (files("engines.cbom.dependencies") / "data/packages.toml").read_text()
    return {
        (Ecosystem(ecosystem), name): tuple(Primitive(*each.partition(":")[::2]) for each in primitives)
        for ecosystem, packages in tomllib.loads(text).items()
        for name, primitives in packages.items()
    }
