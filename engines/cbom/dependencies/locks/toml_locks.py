"""Lock files in TOML: ``poetry.lock``, ``uv.lock``, ``pdm.lock``, ``pylock.toml`` (PEP 751) and ``Cargo.lock``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.cbom.dependencies.locks.shapes import items, members, table_lines, text, toml_of
from engines.cbom.dependencies.model import Ecosystem, Package, normal_name

_LOCAL_SOURCES = ("virtual", "editable", "directory", "path")


def read_poetry(source: str) -> Iterator[Package]:
    """The packages of Poetry and PDM, whose files don't tell what the project asks for. Raises ``Malformed``."""
    for entry, line in _entries(source, "package"):
        if members(entry.get("source"), "a source").get("type") not in ("directory", "file"):
            yield _python(entry, line, None)


def read_pylock(source: str) -> Iterator[Package]:
    """The packages of PEP 751; those without a version come from a place of their own. Raises ``Malformed``."""
    for entry, line in _entries(source, "packages"):
        if "directory" not in entry:
            yield _python(entry, line, None)


def read_uv(source: str) -> Iterator[Package]:
    """The packages of uv; what the projects in the folder depend on is direct. Raises ``Malformed``."""
    entries = list(_entries(source, "package"))
    wanted: set[str] = set()
    for entry, _ in entries:
        if _is_local(entry):
            groups = members(entry.get("dev-dependencies"), "groups").values()
            extras = members(entry.get("optional-dependencies"), "extras").values()
            for wishes in (entry.get("dependencies"), *groups, *extras):
                wanted.update(
                    text(members(wish, "a dependency").get("name"), "a name") for wish in items(wishes, "dependencies")
                )
    for entry, line in entries:
        if not _is_local(entry):
            yield _python(entry, line, entry.get("name") in wanted)


def read_cargo(source: str) -> Iterator[Package]:
    """The packages of Cargo, whatever the file's version; those without a source are the project's own."""
    entries = list(_entries(source, "package"))
    wanted = set()
    for entry, _ in entries:
        if "source" not in entry:
            for wish in items(entry.get("dependencies"), "dependencies"):
                name, _, rest = text(wish, "a dependency").partition(" ")
                wanted.add((name, rest.partition(" ")[0]))
    for entry, line in entries:
        if "source" in entry:
            name, version = text(entry.get("name"), "a name"), text(entry.get("version"), "a version")
            direct = (name, version) in wanted or (name, "") in wanted
            yield Package(Ecosystem.CARGO, name, version, line, direct)


def _entries(source: str, table: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The tables of an array, with the line of each. Tables that stand otherwise are told at line 1."""
    found = items(toml_of(source).get(table), table)
    for entry, line in zip(found, table_lines(source, f"[[{table}]]", len(found)), strict=True):
        yield members(entry, "a package"), line


def _is_local(entry: Mapping[str, Any]) -> bool:
    origin = members(entry.get("source"), "a source")
    return any(kind in origin for kind in _LOCAL_SOURCES)


def _python(entry: Mapping[str, Any], line: int, direct: bool | None) -> Package:
    name = normal_name(Ecosystem.PYPI, text(entry.get("name"), "a name"))
    return Package(Ecosystem.PYPI, name, text(entry.get("version"), "a version"), line, direct)
