"""``pnpm-lock.yaml`` of pnpm 6 to 12: versions 5.x, 6.x and 9.0 of the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.cbom.dependencies.locks.shapes import Malformed, members, name_and_place, place, text
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
        found = dict[str, tuple[str, str]]()
        for path, entry in packages.items():
            name, version = _named(place(path, "a package"), members(entry, "a package"), number)
            if name and version:
                found[path] = text(name, "a name"), text(version, "a version")
        wanted = {found[path] for path in _wanted(document) if path in found}
        for path, (name, version) in found.items():
            line = packages.lines[path] if isinstance(packages, Lines) else 1
            yield Package(Ecosystem.NPM, name, version, line, (name, version) in wanted)


def _wanted(document: Mapping[str, Any]) -> Iterator[str]:
    """The keys, in ``packages``, of what the projects ask for, in the spelling of each version of the format."""
    for importer in (document, *members(document.get("importers") or None, "importers").values()):
        for kind in _DIRECT:
            for alias, entry in members(members(importer, "an importer").get(kind) or None, kind).items():
                given = entry if isinstance(entry, str) else members(entry, kind).get("version")
                resolved = place(given, "a version")
                plain = resolved.partition("(")[0]  # From 9 on, keys have no peers.
                yield from (resolved, f"/{alias}/{resolved}", f"/{alias}@{resolved}", plain, f"{alias}@{plain}")


def _named(path: str, entry: Mapping[str, Any], number: str) -> tuple[str, str]:
    """The name and version of a package; "" for a folder. What comes from no registry has them in its entry."""
    if members(entry.get("resolution"), "a resolution").get("type") == "directory":
        return "", ""
    name, version = _old_parts(path) if number == "5" else _parts(path)
    if number != "9" and not path.startswith("/"):
        name = entry.get("name", name)
        version = entry.get("version", version)
    elif ":" in version:
        version = entry.get("version", "")
    return text(name, "a name"), text(version, "a version")


def _old_parts(path: str) -> tuple[str, str]:
    """The name and version of ``/@scope/name/1.0.0_peer@2.0.0``; the host of a registry may stand before it."""
    parts = path.partition("/")[2].split("/")
    size = 2 if parts[0].startswith("@") else 1
    return "/".join(parts[:size]), parts[size].partition("_")[0] if len(parts) > size else ""


def _parts(path: str) -> tuple[str, str]:
    """The name and version of ``@scope/name@1.0.0(peer@2.0.0)``, with or without a slash before it."""
    return name_and_place(path.removeprefix("/").partition("(")[0])
