"""Lock files in TOML: ``poetry.lock``, ``pdm.lock``, ``uv.lock``, ``pylock.toml`` (PEP 751) and ``Cargo.lock``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engines.cbom.dependencies.locks.places import is_archive, python_version
from engines.cbom.dependencies.locks.shapes import items, members, place, table_lines, text, toml_of
from engines.cbom.dependencies.model import Ecosystem, Package, normal_name

_LOCAL_SOURCES = ("virtual", "editable", "directory")


def read_poetry(source: str) -> Iterator[Package]:
    """The packages of Poetry, whose files don't tell what the project asks for. Raises ``Malformed``."""
    for entry, line in _entries(source, "package"):
        if members(entry.get("source"), "a source").get("type") != "directory":
            yield _python(entry, line, None)


def read_pdm(source: str) -> Iterator[Package]:
    """The packages of PDM, an entry for each set of extras; a path is a folder or an archive. Raises ``Malformed``."""
    for entry, line in _entries(source, "package"):
        if "path" not in entry or is_archive(place(entry["path"], "a path")):
            yield _python(entry, line, None)


def read_pylock(source: str) -> Iterator[Package]:
    """The packages of PEP 751; those without a version come from a place of their own. Raises ``Malformed``."""
    for entry, line in _entries(source, "packages"):
        if "directory" not in entry:
            archive = members(entry.get("archive"), "an archive")
            yield _python(entry, line, None, place(archive.get("url") or archive.get("path"), "an address"))


def read_uv(source: str) -> Iterator[Package]:
    """The packages of uv; what the projects in the folder depend on is direct. Raises ``Malformed``."""
    document = toml_of(source)
    entries = list(_tables(document, source, "package"))
    manifest = members(document.get("manifest"), "the manifest")  # Has what a script asks for, or groups of no project.
    wanted = set(_names([manifest.get("requirements"), *_lists(manifest, "dependency-groups")]))
    for entry, _ in entries:
        if _is_local(entry):
            groups, extras = _lists(entry, "dev-dependencies"), _lists(entry, "optional-dependencies")
            wanted.update(_names([entry.get("dependencies"), *groups, *extras]))
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


def _lists(table: Mapping[str, Any], key: str) -> Iterable[object]:
    return members(table.get(key), key).values()


def _names(wishes: Iterable[object]) -> Iterator[str]:
    """The names in lists of dependencies of uv."""
    for each in wishes:
        for wish in items(each, "dependencies"):
            yield text(members(wish, "a dependency").get("name"), "a name")


def _entries(source: str, table: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    return _tables(toml_of(source), source, table)


def _tables(document: Mapping[str, Any], source: str, table: str) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The tables of an array, with the line of each. Tables that stand otherwise are told at line 1."""
    found = items(document.get(table), table)
    for entry, line in zip(found, table_lines(source, f"[[{table}]]", len(found)), strict=True):
        yield members(entry, "a package"), line


def _is_local(entry: Mapping[str, Any]) -> bool:
    origin = members(entry.get("source"), "a source")
    return any(kind in origin for kind in _LOCAL_SOURCES)


def _python(entry: Mapping[str, Any], line: int, direct: bool | None, archive: str = "") -> Package:
    name = normal_name(Ecosystem.PYPI, text(entry.get("name"), "a name"))
    version = text(entry.get("version"), "a version") or text(python_version(name, archive), "a version")
    return Package(Ecosystem.PYPI, name, version, line, direct)
