"""The layers hold: imports point one way, between the top folders and between the parts of every folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.house.sources import LAYERS, MODULES, ROOT, place, sources_below, tree_of

ALLOWED = {
    "storage": {"storage"},
    "engines": {"engines", "storage"},
    "auth_methods": {"auth_methods", "engines", "storage"},
    "compat": {"compat", "engines"},
    "server": {"server", "compat", "auth_methods", "engines", "storage"},
}
FOLDERS = sorted({path.parent for path in MODULES})
MAX_ENTRIES = 15
"""The most files and folders in one folder: as many as can be read with their purposes."""

_UNCOUNTED = re.compile(r"__\w+__(\.py)?$|py\.typed$|\.|build$|.*\.egg-info$")
"""Files that every package has, and what tools leave behind."""

SCANNED = set((ROOT / "tests/engines/cbom/source/examples").rglob("**"))
"""Source that the scanner's tests read: an example for each file of knowledge."""


MAX_LINES = 400
"""The most lines of a module; most have 100 to 250."""

ENGINE_PACKAGES = {f"engines.{path.parent.name}" for path in (ROOT / "engines").glob("*/routes.py")}
"""Packages of one engine each; everything else in ``engines/`` is shared."""


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {_name(path) for path in MODULES}


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below ``node`` but the bodies of ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _runtime_nodes(child)


def _imports(nodes: Iterator[ast.AST], path: Path) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative imports hide the layer"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@cache
def _imported(path: Path) -> set[str]:
    """The modules that ``path`` imports, and what it imports from them, by their full names."""
    return _imports(ast.walk(tree_of(path)), path)


@cache
def _all_imports() -> dict[str, set[str]]:
    """Our modules with those of ours that each imports at all, for types alone too."""
    return {_name(path): _modules(_imported(path)) - {_name(path)} for path in MODULES}


def _modules(names: set[str]) -> set[str]:
    """The modules of ours that ``names``, of modules and of what stands in them, are of."""
    return {name if name in NAMES else name.rpartition(".")[0] for name in names} & NAMES


@cache
def _run_time_imports() -> dict[str, set[str]]:
    """Our modules with those of ours that each imports when it is run; imports within functions count."""
    found = {}
    for path in MODULES:
        found[_name(path)] = _modules(_imports(_runtime_nodes(tree_of(path)), path))
    return found


def _engine_of(name: str) -> str:
    """The engine package that the module or thing called ``name`` is of, "" for none."""
    return next((package for package in ENGINE_PACKAGES if f"{name}.".startswith(f"{package}.")), "")


def test_a_module_imports_only_its_own_layer_and_those_below() -> None:
    for path in MODULES:
        layer = path.relative_to(ROOT).parts[0]
        ours = {name.split(".")[0] for name in _imported(path)} & (ALLOWED.keys() | {"tests", "benchmarks"})
        assert ours <= ALLOWED[layer], place(path)


def test_clients_need_nothing_of_the_server() -> None:
    for path in sources_below("sdk"):
        assert not {name.split(".")[0] for name in _imported(path)} & ALLOWED.keys(), place(path)


def test_the_server_uses_the_program_and_not_the_client() -> None:
    uses = {path: {name.split(".")[0] for name in _imported(path)} for path in MODULES}
    assert not [path for path, names in uses.items() if "cryptoserve" in names]
    assert {path.relative_to(ROOT).parts[0] for path, names in uses.items() if "cryptoserve_cli" in names} == {"server"}


def test_a_server_without_the_console_does_not_load_it() -> None:
    """It is imported within a function, where a listener serves it."""
    for path in MODULES:
        if not _name(path).startswith("server.console"):
            top = _imports(iter(tree_of(path).body), path)
            assert not {name for name in top if name.startswith("server.console")}, path.relative_to(ROOT)


@pytest.mark.parametrize("folder", FOLDERS, ids=place)
def test_the_parts_of_a_folder_import_each_other_in_one_direction(folder: Path) -> None:
    """A part is a module of the folder, or a folder in it with all that it holds."""
    prefix = f"{_name(folder)}."
    graph: dict[str, set[str]] = {}
    for name, imported in _run_time_imports().items():
        if name.startswith(prefix):
            part = name[len(prefix) :].split(".")[0]
            others = {other[len(prefix) :].split(".")[0] for other in imported if other.startswith(prefix)}
            graph.setdefault(part, set()).update(others - {part})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle in {folder.relative_to(ROOT)}: {' <- '.join(error.args[1])}")


def test_no_modules_need_each_other_for_types_either() -> None:
    """A handler knows the state of its engine, and the table of routes both: no module needs ``TYPE_CHECKING``."""
    try:
        TopologicalSorter(_all_imports()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_a_folder_can_be_seen_whole() -> None:
    folders = {path.parent for path in sources_below(*LAYERS, "sdk", "tests", "benchmarks", "packaging")}
    crowded = {}
    for folder in sorted(folders - SCANNED):
        entries = {path.name for path in folder.iterdir() if not _UNCOUNTED.match(path.name)}
        if len(entries) > MAX_ENTRIES:
            crowded[place(folder)] = len(entries)
    assert crowded == {}, "group what belongs together"


def test_a_module_can_be_read_in_one_go() -> None:
    lengths = {place(path): path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_engine_imports_another_one() -> None:
    for path in sources_below("engines"):
        own = _engine_of(_name(path))
        others = {_engine_of(name) for name in _imported(path)} - {"", own}
        assert not others, f"{place(path)} imports {', '.join(sorted(others))}: move what both need to engines/"


def test_no_module_is_named_for_having_no_subject() -> None:
    forbidden = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in MODULES if path.name in forbidden]
