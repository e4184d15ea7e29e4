"""Writes docs/api.md, the list of all paths, from the route tables: ``python -m tests.house.documents.api_document``.

Engines and auth methods are found as the server finds them, so one that is added has its place here by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engines.base import Access, Operation, Row
from server.runtime import plugins
from server.system.routes import SYSTEM
from server.tenants.identity.routes import IDENTITY

PATH = Path(__file__).parents[3] / "docs/api.md"

_HEAD = """\
# Paths

Every path that the server answers below `/v1/`, as its route tables have it. This page is written by `make docs`; a
test fails when it isn't up to date. [Transit](transit-reference.md) and [signing](signing-reference.md) have pages of
their own with all parameters, answers and errors. Running servers tell the same in `sys/internal/specs/openapi`, and of
one path with `?help=1`.

Paths are relative to the mount that each list names, or to where the engine or method is mounted instead.

Access: `token` needs a token whose policies allow it, `sudo` needs that word in the policy too, `public`
needs no token, and `open` works while the server is sealed as well. `LIST` is the same as `GET` with `?list=true`, and
`POST` the same as `PUT`. The parameters in the path are left out of the column behind it.
"""
_VERBS = {
    Operation.READ: "GET",
    Operation.LIST: "LIST",
    Operation.SCAN: "SCAN",
    Operation.CREATE: "POST",
    Operation.UPDATE: "POST",
    Operation.PATCH: "PATCH",
    Operation.DELETE: "DELETE",
}
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


def document() -> str:
    """The whole page."""
    parts = [_HEAD, *_section("sys", "sys/", SYSTEM.routes), *_section("identity", "identity/", IDENTITY.routes)]
    for name in plugins.names(plugins.AUTH_METHODS):
        method = plugins.load(plugins.AUTH_METHODS, name)
        parts += _section(f"The auth method {name}", f"auth/{name}/", method.routes)
    for name in plugins.names(plugins.ENGINES):
        engine = plugins.load(plugins.ENGINES, name)
        parts += _section(f"The secrets engine {name}", f"{name}/", engine.routes)
    return "\n".join(parts)


def _section(title: str, mount: str, routes: Iterable[Row[Any]]) -> Iterator[str]:
    yield f"## {title}\n\nBelow `{mount}`.\n"
    yield "| | path | access | parameters | |\n| --- | --- | --- | --- | --- |"
    yield "\n".join(map(_row, routes)) + "\n"


def _row(route: Row[Any]) -> str:
    in_path = set(_PARAMETER.findall(route.path))
    names = [known.encode_name for known in msgspec.structs.fields(route.body) if known.name not in in_path]
    parameters = ", ".join(f"`{name}`" for name in names)
    access = Access(route.access).value
    if route.public_where is not None:
        access += f", public where `{'='.join(route.public_where)}`"
    path = _PARAMETER.sub(r"{\1}", route.path)
    return f"| {_VERBS[route.operation]} | `{path}` | {access} | {parameters} | {route.help} |"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
