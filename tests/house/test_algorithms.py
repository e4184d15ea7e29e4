"""An algorithm's name is written in engines/algorithms and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

from engines.algorithms.registry import ALGORITHMS

ROOT = Path(__file__).parents[2]
FIELDS = {"hmac"}
"""Words that are the name of an algorithm and, with no thought of it, that of a field of the API."""


def test_names_of_algorithms_are_literals_in_the_registry_alone() -> None:
    names = set(ALGORITHMS) - FIELDS
    assert len(names) > 8
    found = []
    for layer in ("engines", "auth_methods", "compat", "server", "storage"):
        for path in (ROOT / layer).rglob("*.py"):
            if path.is_relative_to(ROOT / "engines" / "algorithms"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.value}")
    assert not found
