"""Rule by which advisories are chosen: the package does cryptography, or a weakness of it is about that."""

from __future__ import annotations

from engines.cbom.dependencies.advisories.model import Advisory
from engines.cbom.dependencies.knowledge import cryptographic_packages
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


def is_cryptographic(advisory: Advisory) -> bool:
    """Whether the rule chooses ``advisory``."""
    known = (Ecosystem(advisory.ecosystem), advisory.package) in cryptographic_packages()
    return known or not CRYPTOGRAPHIC_CWES.isdisjoint(advisory.cwes)
