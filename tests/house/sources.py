"""Source files of the product, each parsed once in a process.

The tests of this folder run in one process; its ``conftest.py`` drops the trees behind the last one, since the garbage
collector would go through millions of nodes again and again.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYERS = ("storage", "engines", "auth_methods", "compat", "server")
"""Top folders of what runs in the server."""


def sources_below(*folders: str) -> list[Path]:
    """The Python files below ``folders`` of the checkout, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


MODULES = sources_below(*LAYERS)


def place(path: Path) -> str:
    """``path`` relative to the checkout."""
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of ``path``; not to be changed."""
    return ast.parse(path.read_text(encoding="utf-8"))
