"""``yarn.lock``: that of Yarn 1, which has a form of its own, and that of later ones, which is YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.dependencies.locks.places import is_folder
from engines.cbom.dependencies.locks.shapes import Malformed, members, name_and_place, place, text
from engines.cbom.dependencies.locks.yaml_text import Lines, yaml_of
from engines.cbom.dependencies.model import Ecosystem, Package

_ENTRY = re.compile(r"(\S.*):\s*\Z")
_VERSION = re.compile(r'  version:? +"?([^"\s]+)"?\s*\Z')
_WISHES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


def read_yarn(source: str) -> Iterator[Package]:
    """The packages of a lock file of Yarn. Raises ``Malformed``."""
    if re.search(r"^__metadata:", source, re.MULTILINE):
        return _of_yaml(source)
    return _of_first(source)


def _of_first(source: str) -> Iterator[Package]:
    """Yarn 1: an entry is a line of wishes, as ``name@range``, and indented lines about what they resolve to."""
    wish, start, seen = "", 0, False
    for number, line in enumerate(source.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] not in " \t":
            found = _ENTRY.match(line)
            if found is None:
                raise Malformed(f"line {number} is no entry")
            wish, start, seen = found[1].split(",")[0].strip().strip('"'), number, False
        elif not seen and (version := _VERSION.match(line)):
            seen = True
            name, wanted = name_and_place(wish)
            if wanted.startswith("npm:"):
                name = name_and_place(wanted.removeprefix("npm:"))[0]
            if not is_folder(wanted):
                yield Package(Ecosystem.NPM, text(name, "a name"), text(version[1], "a version"), start)


def _of_yaml(source: str) -> Iterator[Package]:
    """Yarn 2 and later: an entry has its ``resolution``; those of workspaces have the project's wishes."""
    documents = yaml_of(source)
    entries = members(documents[0] if documents else None, "the file")
    resolved = {}
    wanted: set[str] = set()
    for key, entry in entries.items():
        if key == "__metadata":
            continue
        reference = name_and_place(place(members(entry, "an entry").get("resolution"), "a resolution"))[1]
        for wish in key.split(","):
            resolved[wish.strip().partition("::")[0]] = key  # After it stands which workspace asks for a local place.
        if reference.startswith("workspace:"):
            for kind in _WISHES:
                wishes = members(entry.get(kind), kind)
                wanted.update(f"{each}@{place(spec, 'a range')}" for each, spec in wishes.items())
    direct = {resolved.get(wish) or resolved.get(_with_protocol(wish)) for wish in wanted}
    # Catalogs aren't in the file, so any range of the name may be meant.
    listed = {name for name, spec in map(name_and_place, wanted) if spec.startswith("catalog:")}
    direct |= {key for wish, key in resolved.items() if name_and_place(wish)[0] in listed}
    for key, entry in entries.items():
        if key == "__metadata":
            continue
        name, reference = name_and_place(entry.get("resolution") or "")
        if reference and not is_folder(reference):
            line = entries.lines[key] if isinstance(entries, Lines) else 1
            version = text(entry.get("version"), "a version")
            yield Package(Ecosystem.NPM, text(name, "a name"), version, line, key in direct)


def _with_protocol(wish: str) -> str:
    """``name@^1.0.0`` as keys have it."""
    name, wanted = name_and_place(wish)
    return f"{name}@npm:{wanted}"
