"""What is known of packages and of weaknesses: which packages do cryptography, and which CWE ids are about it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from engines.cbom.dependencies.advisories.model import Advisory
from engines.cbom.dependencies.model import Ecosystem

CRYPTOGRAPHIC_CWES = frozenset(
    f"CWE-{number}"
    for number in (
        # Cryptographic issues: the members of CWE category 310, and those that they have been split into.
        *(256, 257, 261, 311, 312, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 329, 347, 354, 759, 760, 780),
        *(916, 1204, 1240, 1241),
        # Random numbers: category 1213.
        *(330, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340, 341, 342, 343, 344),
        # Certificates, and timing side channels.
        *(208, 295, 296, 297, 298, 299, 370, 385, 599),
    )
)
"""Weaknesses of cryptography in the Common Weakness Enumeration 4."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """What a package is for."""

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


def is_cryptographic(advisory: Advisory) -> bool:
    """The rule by which advisories are chosen: the package does cryptography, or a weakness of it is about that."""
    known = (Ecosystem(advisory.ecosystem), advisory.package) in cryptographic_packages()
    return known or has_cryptographic_cwe(advisory.cwes)


def has_cryptographic_cwe(cwes: Collection[str]) -> bool:
    """Whether one of ``cwes`` is about cryptography."""
    return not CRYPTOGRAPHIC_CWES.isdisjoint(cwes)
