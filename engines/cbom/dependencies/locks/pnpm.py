"""``pnpm-lock.yaml`` of pnpm 6 to 10: versions 5.x, 6.x and 9.0 of the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.cbom.dependencies.locks.shapes import Malformed, members, text
from engines.cbom.dependencies.locks.yaml_text import Lines, yaml_of
from engines.cbom.dependencies.model import Ecosystem, Package

_DIRECT = ("dependencies", "devDependencies", "optionalDependencies")


def read_pnpm(source: str) -> Iterator[Package]:
    """The packages of a lock file of pnpm. Raises ``Malformed``."""
    for given in yaml_of(source):
        document = members(given, "the file")
        number = text(document.get("lockfileVersion"), "lockfileVersion").partition(".")[0]
        if number not in ("5", "6", "9"):
            raise Malformed("a lockfileVersion other than 5, 6 and 9")
        packages = members(document.get("packages") or None, "packages")
        wanted = _wanted(document)
        for path in packages:
            name, version = _old_parts(path) if number == "5" else _parts(path)
            if ":" in version:  # An archive or a repository, whose entry tells the version; a folder has none.
                version = text(members(packages[path], "a package").get("version"), "a version")
            if not name or not version:
                continue
            line = packages.lines[path] if isinstance(packages, Lines) else 1
            direct = (name, version) in wanted
            yield Package(Ecosystem.NPM, text(name, "a name"), text(version, "a version"), line, direct)


def _wanted(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Names and versions that the projects ask for."""
    found = set()
    for importer in (document, *members(document.get("importers") or None, "importers").values()):
        for kind in _DIRECT:
            for alias, entry in members(members(importer, "an importer").get(kind) or None, kind).items():
                given = entry if isinstance(entry, str) else text(members(entry, kind).get("version"), "a version")
                found.add(_resolved(alias, given))
    return found


def _resolved(alias: str, version: str) -> tuple[str, str]:
    """The package that a wish resolves to: a version, or the path of a package with another name."""
    if version.startswith("/"):
        return _parts(version) if "@" in version[2:] else _old_parts(version)
    plain = version.partition("(")[0].partition("_")[0]
    return _parts(plain) if "@" in plain[1:] and ":" not in plain else (alias, plain)


def _old_parts(path: str) -> tuple[str, str]:
    """The name and version of ``/@scope/name/1.0.0_peer@2.0.0``; a registry of its own stands before it."""
    host, slash, rest = path.partition("/")
    if slash and "." in host and ":" not in host:
        path = f"/{rest}"
    name, _, version = path.removeprefix("/").rpartition("/") if "_" not in path else _before_peers(path)
    return (name, version) if path.startswith("/") else ("", "")


def _before_peers(path: str) -> tuple[str, str, str]:
    """The same, where peers follow, whose names may have slashes."""
    parts = path.removeprefix("/").split("/")
    size = 2 if parts[0].startswith("@") else 1
    version = parts[size].partition("_")[0] if len(parts) > size else ""
    return "/".join(parts[:size]), "/", version


def _parts(path: str) -> tuple[str, str]:
    """The name and version of ``@scope/name@1.0.0(peer@2.0.0)``, with or without a slash before it."""
    name, _, version = path.removeprefix("/").partition("(")[0].rpartition("@")
    return name, version
