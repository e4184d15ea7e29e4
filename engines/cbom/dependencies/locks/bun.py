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
    wanted = set[str]()
    for workspace in members(document.get("workspaces"), "workspaces").values():
        owner = text(members(workspace, "a workspace").get("name"), "a name")
        for kind in _DIRECT:
            for name in members(workspace.get(kind), kind):
                wanted |= {name, f"{owner}/{name}"}  # The second is one that was not hoisted.
    for key, entry in members(document.get("packages"), "packages").items():
        line = lines.next(key)
        name, origin = name_and_place(place(next(iter(items(entry, "a package")), ""), "a package"))
        if origin and not is_folder(origin):
            version = npm_version(text(name, "a name"), origin)
            yield Package(Ecosystem.NPM, name, text(version, "a version"), line, key in wanted)
