"""No map whose keys are numbers is decoded from what a client sends.

The hash of a number is the number, so an attacker who chooses them can have each compared with all others: 140,000 of
them took 20 seconds. The hash of a text has a secret in it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.sources import MODULES, place, tree_of

OURS = {
    "engines/crypto_policy/gate.py": "made by engines, and never decoded",
    "engines/keys/counting/use_records.py": "stored by this server, behind the barrier",
    "engines/keys/records.py": "stored by this server, behind the barrier",
}
"""The modules that decode such maps, and where these come from."""

TEXTS = ("dict[int,", "dict[float,", "Mapping[int,", "set[int]", "frozenset[int]", "dict[int |")


def _decoded(tree: ast.Module) -> Iterator[ast.expr]:
    """The types of the fields of classes that may be decoded, and those that decoders are made for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
            yield from (part.annotation for part in node.body if isinstance(part, ast.AnnAssign))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("Decoder", "convert", "decode"):
            yield from (*node.args, *(keyword.value for keyword in node.keywords))


def test_no_numbers_of_others_are_keys() -> None:
    found = {}
    for path in MODULES:
        for decoded in _decoded(tree_of(path)):
            if any(part in (text := ast.unparse(decoded)) for part in TEXTS):
                found[place(path)] = text
    assert {module: text for module, text in found.items() if module not in OURS} == {}
    assert OURS.keys() <= found.keys(), "an exception is of a module that decodes no such map"
