"""docs/signatures.md says how hybrid signatures are put together as the code does it."""

from __future__ import annotations

import re
from pathlib import Path

from engines.algorithms.signatures.hybrid_signatures import COMPOSITIONS
from engines.algorithms.types import KEY_TYPES

DOCUMENT = (Path(__file__).parents[3] / "docs/signatures.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(\d\d)` \| `([\w-]+)` \| `([\w-]+)` \| `([\w-]+)` \| ([\d.]*) ?\|$", re.MULTILINE)


def test_every_combination_is_documented() -> None:
    assert _ROW.findall(DOCUMENT) == [
        (
            composition.parameter_set,
            composition.classical.row.name,
            composition.hash.name,
            composition.label.decode(),
            composition.object_identifier,
        )
        for composition in COMPOSITIONS
    ]


def test_sizes_are_those_of_the_registry() -> None:
    lattices = [row.sizes.signature_bytes for row in KEY_TYPES["ml-dsa"]]
    assert f"{', '.join(map(str, lattices[:2]))} or {lattices[2]} bytes by the parameter set" in DOCUMENT
    publics = [row.sizes.public_key_bytes for row in KEY_TYPES["ml-dsa"]]
    assert f"{', '.join(map(str, publics[:2]))} or {publics[2]} bytes" in DOCUMENT
    hashed = [row.sizes.signature_bytes for row in KEY_TYPES["slh-dsa"]]
    assert f"{min(hashed)} to {max(hashed)} bytes" in DOCUMENT
