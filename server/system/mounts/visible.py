"""Mounts visible to a caller: those that its policies touch, and those listed without a token.

User interfaces and the OpenAPI document use it, both also without a token.
"""

from __future__ import annotations

from typing import Any

from compat.quoting import quote
from engines.base import Call, Nothing, Reply
from engines.faults import Denied, Failed
from server.system.access.capabilities import caller_reach, reach_of
from server.system.mounts.table import PathBody, normal_path
from server.system.mounts.views import listed_data, mount_data
from server.system.state import System
from server.tenants.mounts.table import AUTH, Mounted
from server.tenants.tokens.store import token_of

_FOR_EVERYBODY = "unauth"
_PREFLIGHT = "preflight capability check returned 403, please ensure client's policies grant access to path"


async def visible_mounts(system: System, call: Call) -> list[Mounted]:
    """The mounts visible to the caller, who may have no token, by path."""
    reach = None if call.caller is None else await caller_reach(system, call)
    router = await system.tenant.mounts.router()
    return [
        mounted
        for path, mounted in sorted(router.mounts.items())
        if mounted.entry.config.listing_visibility == _FOR_EVERYBODY or (reach is not None and reach.touches(path))
    ]


async def list_visible_namespaces(system: System, call: Call, body: Nothing) -> Reply:
    """List the child namespaces that the caller's policies touch; none without a token."""
    if call.caller is None:
        raise Failed("client token empty", wrapped=False)
    here, token = system.tenant.namespace, token_of(call.caller)
    reach = await reach_of(system, token)
    names = [
        entry.name
        for entry in system.unsealed.namespaces.children(here.path)
        if reach.touches(entry.name) or token.namespace_path.startswith(entry.path)
    ]
    return Reply({"keys": names} if names else {})


async def list_visible_mounts(system: System, call: Call, body: Nothing) -> Reply:
    """List the mounts visible to the caller; with few fields without a token."""
    shown = listed_data if call.caller is None else mount_data
    auth: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for mounted in await visible_mounts(system, call):
        kind = auth if mounted.entry.is_auth else secret
        kind[mounted.entry.path.removeprefix(AUTH)] = shown(mounted.entry)
    return Reply({"auth": auth, "secret": secret})


async def read_visible_mount(system: System, call: Call, body: PathBody) -> Reply:
    """Show the mount of a path, if the caller's policies touch it."""
    path = normal_path(body.path)
    reach = await caller_reach(system, call)
    match = (await system.tenant.mounts.router()).find(path)
    if match is None or not reach.touches(match.mounted.entry.path):
        raise Denied(f"{_PREFLIGHT} {quote(path)}", wrapped=False)
    entry = match.mounted.entry
    return Reply(mount_data(entry) | {"path": entry.path.removeprefix(AUTH)})
