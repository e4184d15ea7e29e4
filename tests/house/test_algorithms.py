"""An algorithm's name is written in engines/algorithms and nowhere else."""

from __future__ import annotations

import ast

from engines.algorithms.registry import ALGORITHMS
from tests.house.sources import MODULES, ROOT, place, tree_of

FIELDS = {"hmac"}
"""Words that are the name of an algorithm and, with no thought of it, that of a field of the API."""


def test_names_of_algorithms_are_literals_in_the_registry_alone() -> None:
    names = set(ALGORITHMS) - FIELDS
    assert len(names) > 8
    found = []
    for path in MODULES:
        if path.is_relative_to(ROOT / "engines" / "algorithms"):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                found.append(f"{place(path)}:{node.lineno} {node.value}")
    assert not found
