"""``package-lock.json`` and ``npm-shrinkwrap.json``, versions 1 to 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.cbom.dependencies.locks.places import is_folder, npm_version
from engines.cbom.dependencies.locks.shapes import KeyLines, Malformed, json_of, members, name_and_place, place, text
from engines.cbom.dependencies.model import Ecosystem, Package

_DIRECT = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_FOLDER = "node_modules/"
_MAX_DEPTH = 200


def read_npm(source: str) -> Iterator[Package]:
    """The packages of a lock file of npm. Raises ``Malformed``."""
    document = json_of(source)
    lines = KeyLines(source)
    if "packages" in document:
        return _of_packages(members(document["packages"], "packages"), lines)
    return _of_dependencies(members(document.get("dependencies"), "dependencies"), lines, 0)


def _of_packages(packages: Mapping[str, Any], lines: KeyLines) -> Iterator[Package]:
    """Versions 2 and 3: a flat map from folders; those outside of ``node_modules`` are the project's own."""
    wanted = {
        name
        for path, entry in packages.items()
        if _FOLDER not in path
        for kind in _DIRECT
        for name in members(members(entry, "a package").get(kind), kind)
    }
    for path, entry in packages.items():
        line = lines.next(path)
        if _FOLDER not in path or members(entry, "a package").get("link") is True:
            continue
        folder, _, alias = path.rpartition(_FOLDER)
        name = text(entry.get("name"), "a name") or alias
        yield Package(
            Ecosystem.NPM,
            text(name, "a name"),
            text(entry.get("version"), "a version"),
            line,
            alias in wanted and _FOLDER not in folder,
        )


def _of_dependencies(dependencies: Mapping[str, Any], lines: KeyLines, depth: int) -> Iterator[Package]:
    """Version 1: a tree, in which the project's own wishes aren't told from what was hoisted."""
    if depth > _MAX_DEPTH:
        raise Malformed(f"dependencies are nested more than {_MAX_DEPTH} deep")
    for alias, entry in dependencies.items():
        line = lines.next(alias)
        name, origin = alias, place(members(entry, "a dependency").get("version"), "a version")
        if origin.startswith("npm:"):
            name, origin = name_and_place(origin.removeprefix("npm:"))
        if not is_folder(origin):
            version = text(npm_version(text(name, "a name"), origin), "a version")
            yield Package(Ecosystem.NPM, name, version, line, None if depth == 0 else False)
        yield from _of_dependencies(members(entry.get("dependencies"), "dependencies"), lines, depth + 1)
