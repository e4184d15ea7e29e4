"""``bun.lock``: JSON with trailing commas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.dependencies.locks.shapes import KeyLines, items, json_of, members, text
from engines.cbom.dependencies.model import Ecosystem, Package

_DIRECT = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_STRING_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|//[^\n]*|,(?=\s*[}\]])', re.DOTALL)
"""A string without its end goes on to that of the text, so that it is looked at once."""
_LOCAL = ("workspace:", "file:", "link:")


def read_bun(source: str) -> Iterator[Package]:
    """The packages of a lock file of Bun. Raises ``Malformed``."""
    document = json_of(_STRING_OR_COMMA.sub(lambda found: found[1] or "", source))
    lines = KeyLines(source)
    wanted = {
        name
        for workspace in members(document.get("workspaces"), "workspaces").values()
        for kind in _DIRECT
        for name in members(members(workspace, "a workspace").get(kind), kind)
    }
    for key, entry in members(document.get("packages"), "packages").items():
        line = lines.next(key)
        name, _, version = text(next(iter(items(entry, "a package")), ""), "a package").rpartition("@")
        if name and not version.startswith(_LOCAL):
            yield Package(Ecosystem.NPM, name, version, line, key in wanted)
