"""The layers hold: imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "storage": {"storage"},
    "engines": {"engines", "storage"},
    "auth_methods": {"auth_methods", "engines", "storage"},
    "compat": {"compat", "engines"},
    "server": {"server", "compat", "auth_methods", "engines", "storage"},
}
MODULES = sorted(path for layer in ALLOWED for path in (ROOT / layer).rglob("*.py"))


SHARED_PACKAGES = {"engines.algorithms"}
ENGINE_PACKAGES = {f"engines.{path.parent.name}" for path in (ROOT / "engines").glob("*/__init__.py")} - SHARED_PACKAGES
"""Each in its own room: what they share lies directly in ``engines/``."""


def _imported(path: Path) -> set[str]:
    """The modules that ``path`` imports, and what it imports from them, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative imports hide the layer"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _engine_of(name: str) -> str:
    """The engine package that the module or thing called ``name`` is of, "" for none."""
    return next((package for package in ENGINE_PACKAGES if f"{name}.".startswith(f"{package}.")), "")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in _imported(path)} & (ALLOWED.keys() | {"tests", "benchmarks"})
    assert ours <= ALLOWED[layer]


@pytest.mark.parametrize("path", sorted((ROOT / "engines").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_engine_imports_another_one(path: Path) -> None:
    own = _engine_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    others = {_engine_of(name) for name in _imported(path)} - {"", own}
    assert not others, f"{path.relative_to(ROOT)} imports {', '.join(sorted(others))}: move what both need to engines/"


def test_there_is_no_drawer_for_everything() -> None:
    forbidden = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in MODULES if path.name in forbidden]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), f"{path.relative_to(ROOT)} has no docstring"
