"""Reloading plug-ins: the engines of mounts are closed and opened anew, in all workers.

What an engine keeps is in storage, so nothing is lost, and requests that are under way end with the engine that they
have begun with.
"""

from __future__ import annotations

from collections.abc import Callable

from compat.quoting import quote
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from engines.fields import CommaList
from server.runtime import plugins
from server.runtime.identifiers import new_request_id
from server.system.mounts.table import BUILT_IN_TYPES
from server.system.state import System
from server.tenants.mounts.table import IN_NAMESPACE, MountEntry, Router

MAX_MOUNTS = 1000
"""The most mounts in one request."""

_GLOBAL = "global"


class ReloadBody(Body):
    """Names a plug-in, or mounts."""

    plugin: str = ""
    mounts: CommaList = []
    scope: str = ""

    tells = {
        "plugin": "The type of the engines or auth methods to reload.",
        "mounts": "The paths of the mounts to reload, with `auth/` for auth methods; instead of `plugin`.",
        "scope": "`global` or empty; both mean the same.",
    }


async def reload_plugin(system: System, call: Call, body: ReloadBody) -> Reply:
    """Reload the engines of all mounts of a type, or those of some mounts."""
    if not body.plugin and not body.mounts:
        raise InvalidRequest("plugin or mounts must be provided")
    if body.plugin and body.mounts:
        raise InvalidRequest("plugin and mounts cannot be set at the same time")
    if body.scope not in ("", _GLOBAL):
        raise InvalidRequest(f'scope must be unset or "{_GLOBAL}"')
    if body.plugin:
        chosen = _of_plugin(body.plugin)
    else:
        chosen = _at_paths(await system.tenant.mounts.router(), body.mounts)
    await system.tenant.mounts.reload(chosen)
    return Reply({"reload_id": new_request_id()})


def _of_plugin(name: str) -> Callable[[MountEntry], bool]:
    """Chooses the mounts of a plug-in. Raises ``InvalidRequest`` if there is none, or if it can't be reloaded."""
    if name.removeprefix(IN_NAMESPACE) in BUILT_IN_TYPES:
        raise InvalidRequest(_singleton(name))
    if all(plugins.engine_type(group, name) is None for group in (plugins.ENGINES, plugins.AUTH_METHODS)):
        raise InvalidRequest(f"plugin not found in the catalog: {quote(name)}")
    return lambda entry: entry.type == name


def _at_paths(router: Router, paths: list[str]) -> Callable[[MountEntry], bool]:
    """Chooses the mounts that ``paths`` lie in. Raises ``InvalidRequest`` that tells of all paths without one."""
    if len(paths) > MAX_MOUNTS:
        raise InvalidRequest(f"at most {MAX_MOUNTS} mounts may be supplied")
    chosen: set[str] = set()
    wrong: list[str] = []
    for given in paths:
        path = given.rstrip("/") + "/"
        match = router.find(path)
        if match is None:
            wrong.append(f"cannot fetch mount entry on {quote(path)}")
        elif match.mounted.entry.built_in:
            wrong.append(f"cannot reload plugin on {quote(path)}: {_singleton(match.mounted.entry.type)}")
        else:
            chosen.add(match.mounted.entry.path)
    if wrong:
        told = "1 error occurred" if len(wrong) == 1 else f"{len(wrong)} errors occurred"
        raise InvalidRequest(f"{told}:" + "".join(f"\n\t* {text}" for text in wrong) + "\n\n")
    return lambda entry: entry.path in chosen


def _singleton(name: str) -> str:
    return f"singleton plugin cannot be reloaded: {quote(name)}"
