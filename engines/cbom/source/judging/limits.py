"""Limits below which sizes, iterations and costs are weak, read from ``limits.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

_DIGITS = re.compile(r"(?<!\d)\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Limit:
    """The least of something for some families."""

    of: str
    families: frozenset[str]
    minimum: int
    finding: str
    source: str


@cache
def _content() -> tuple[tuple[Limit, ...], dict[str, int]]:
    file = resources.files("engines.cbom.source.judging") / "limits.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    rows = tuple(Limit(**{**row, "families": frozenset(row["families"])}) for row in content["limit"])
    return rows, content["curves"]


def limits() -> tuple[Limit, ...]:
    """The table's limits."""
    return _content()[0]


def curve_bits(curve: str) -> int:
    """The size of a curve's field in bits; 0 if its name doesn't tell."""
    known = _content()[1].get(curve)
    if known is not None:
        return known
    digits = _DIGITS.search(curve)
    return int(digits.group()) if digits else 0
