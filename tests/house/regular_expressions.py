"""The regular expressions of the product: found in its source, in its modules, and made by those that make some."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from engines.base import Row
from engines.base.routing import RouteTable
from engines.cbom.source.files.ignoring import read_patterns
from server.runtime import plugins
from server.system.routes import SYSTEM
from server.tenants.identity.routes import IDENTITY
from tests.house.backtracking import RUNNERS
from tests.house.sources import MODULES, ROOT, tree_of

ALL_METHODS = frozenset({"match", "fullmatch", "search"})
FUNCTIONS = frozenset(RUNNERS) | {"compile"}


@dataclass(frozen=True)
class Use:
    """A pattern, where it stands, and by which methods it is used."""

    place: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def _route_patterns() -> Iterable[re.Pattern[Any]]:
    """The expressions of all routes, those that differ in nothing but words once."""
    tables: list[tuple[Row[Any], ...]] = [SYSTEM.routes, IDENTITY.routes]
    for group in (plugins.ENGINES, plugins.AUTH_METHODS):
        tables += [plugins.load(group, name).routes for name in plugins.names(group)]
    shapes = {_shape(route.path): route for routes in tables for route in routes}
    routes = [replace(route, path=path) for path, route in shapes.items()]
    return [served.expression for served in RouteTable(routes).endpoints]


def _shape(path: str) -> str:
    """``path`` with each word the same, and each parameter called by its place."""
    segments = path.split("/")
    return "/".join(
        re.sub(r"\{\w+", f"{{p{index}", segment) if "{" in segment else "word" for index, segment in enumerate(segments)
    )


def _gitignore_patterns() -> Iterable[re.Pattern[Any]]:
    lines = ["*a", "a*", "*a*b*a*", "?*?", "[a-z]*[!b]?", "*.[oa]", "**/a*a/**", "\\*a*b"]
    for patterns in [read_patterns([line]) for line in lines] + [read_patterns(lines)]:
        yield from (each for pattern in patterns.patterns for each in pattern.segments if isinstance(each, re.Pattern))
        yield from (patterns.names,) if patterns.names else ()


DYNAMIC: dict[str, tuple[frozenset[str], Callable[[], Iterable[re.Pattern[Any]]]]] = {
    "engines/base/routing.py": (frozenset({"fullmatch"}), _route_patterns),
    "engines/cbom/source/files/ignoring.py": (frozenset({"fullmatch"}), _gitignore_patterns),
}
"""By module: how patterns that are put together there are used, and what makes some."""


def _is_re(node: ast.expr, names: frozenset[str]) -> bool:
    """Whether ``node`` is ``re.NAME`` with one of ``names``."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "re"
        and node.attr in names
    )


def _flags(node: ast.expr) -> int:
    """What ``re.ASCII | re.DOTALL`` comes to."""
    if isinstance(node, ast.BinOp):
        return _flags(node.left) | _flags(node.right)
    assert isinstance(node, ast.Attribute), ast.dump(node)
    return int(getattr(re, node.attr))


def _literal(call: ast.Call) -> re.Pattern[Any] | None:
    """The pattern that ``call`` is given as a literal; None where it is put together."""
    first = call.args[0]
    if not isinstance(first, ast.Constant):
        return None
    function = call.func
    assert isinstance(function, ast.Attribute)
    given = call.args[1:] if function.attr == "compile" else [arg for arg in call.args[2:] if _is_flags(arg)]
    given += [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    return re.compile(first.value, _flags(given[0]) if given else 0)


def _is_flags(node: ast.expr) -> bool:
    return any(
        _is_re(part, frozenset(re.RegexFlag.__members__)) for part in ast.walk(node) if isinstance(part, ast.expr)
    )


@cache
def _named(path: Path) -> tuple[dict[str, set[str]], Counter[str], Counter[str], set[str]]:
    """Of each name in a module: the attributes asked of it, how often any is, and how often it is read; and imports."""
    attributes: dict[str, set[str]] = {}
    owned: Counter[str] = Counter()
    read: Counter[str] = Counter()
    imported: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.setdefault(node.value.id, set()).add(node.attr)
            owned[node.value.id] += 1
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read[node.id] += 1
        elif isinstance(node, ast.ImportFrom):
            imported.update(alias.name for alias in node.names)
    return attributes, owned, read, imported


def _methods(home: Path, name: str) -> frozenset[str]:
    """By which methods the pattern called ``name`` is used in its module and those that import it.

    All of them, if it is handed on as a value anywhere.
    """
    methods: set[str] = set()
    for path in MODULES:
        attributes, owned, read, imported = _named(path)
        if path != home and name not in imported:
            continue
        if read[name] != owned[name]:
            return ALL_METHODS
        methods |= attributes.get(name, set()) & RUNNERS.keys()
    return frozenset(methods) or ALL_METHODS


def uses_in(path: Path) -> Iterator[Use | str]:
    """The patterns in the source of ``path``; the place of one that is put together by a function in its stead."""
    tree, relative = tree_of(path), path.relative_to(ROOT)
    names = {id(node.value): node.targets[0] for node in tree.body if isinstance(node, ast.Assign)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not _is_re(node.func, FUNCTIONS):
            continue
        assert isinstance(node.func, ast.Attribute)
        target = names.get(id(node))
        name = target.id if isinstance(target, ast.Name) else ""
        pattern = getattr(_module(path), name) if name else _literal(node)
        place = f"{relative}:{node.lineno}"
        if pattern is None:
            yield place
        elif node.func.attr != "compile":
            yield Use(place, pattern, frozenset({node.func.attr}))
        else:
            yield Use(place, pattern, _methods(path, name) if name else ALL_METHODS)


def _module(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def _in_modules() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns that modules hold once they are imported, also in lists and dictionaries."""
    for path in MODULES:
        if path.name == "__main__.py":
            continue
        for name, value in vars(_module(path)).items():
            held = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            for one in held:
                if isinstance(one, re.Pattern):
                    yield f"{path.relative_to(ROOT)} ({name})", one


def collected() -> list[Use]:
    """Every pattern of the product; those that are put together at run time by the examples of ``DYNAMIC``."""
    uses = [use for path in MODULES for use in uses_in(path) if isinstance(use, Use)]
    known = {(use.pattern.pattern, use.pattern.flags) for use in uses}
    for place, pattern in _in_modules():
        if (pattern.pattern, pattern.flags) not in known:
            known.add((pattern.pattern, pattern.flags))
            uses.append(Use(place, pattern, ALL_METHODS))
    made = {
        (pattern.pattern, pattern.flags): Use(f"made in {place}", pattern, methods)
        for place, (methods, make) in DYNAMIC.items()
        for pattern in make()
    }
    return [*uses, *made.values()]
