"""``bun.lock``: JSON with trailing commas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.dependencies.locks.places import is_folder, npm_version
from engines.cbom.dependencies.locks.shapes import KeyLines, items, json_of, members, name_and_place, place, text
from engines.cbom.dependencies.model import Ecosystem, Package

_DIRECT = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|//[^\n]*|,(?=\s*[}\]])', re.DOTALL)
"""A string without its end goes on to that of the text, so that it is looked at once."""


def read_bun(source: str) -> Iterator[Package]:
    """The packages of a lock file of Bun. Raises ``Malformed``."""
    document = json_of(_STRING_OR_COMMA.sub(lambda found: found[1] or "", source))
    lines = KeyLines(source)
    wanted = set[tuple[str, str]]()  # Workspaces, "" for that of a package that was hoisted, and names.
    for workspace in members(document.get("workspaces"), "workspaces").values():
        owner = text(members(workspace, "a workspace").get("name"), "a name")
        for kind in _DIRECT:
            for name in members(workspace.get(kind), kind):
                wanted |= {("", name), (owner, name)}
    for key, entry in members(document.get("packages"), "packages").items():
        line = lines.next(key)
        name, origin = name_and_place(place(next(iter(items(entry, "a package")), ""), "a package"))
        if origin and not is_folder(origin):
            version = npm_version(text(name, "a name"), origin)
            yield Package(Ecosystem.NPM, name, text(version, "a version"), line, _owner_and_name(key) in wanted)


def _owner_and_name(key: str) -> tuple[str, str]:
    """``@shop/api/@noble/curves`` as what asks for the package, and the name by which it does."""
    owner, _, name = key.rpartition("/")
    above, _, scope = owner.rpartition("/")
    return (above, f"{scope}/{name}") if scope.startswith("@") else (owner, name)
