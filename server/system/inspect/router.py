"""The mounts of all namespaces, in the form of Vault's routing trees.

Here is one table for each namespace. What is asked for as a tree is its entries, in the order of what the tree is
named after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.base import Body, Call, Reply
from engines.faults import UnsupportedPath
from engines.worker_pools import in_turns
from server.system.state import System
from server.tenants.mounts.table import AUTH, MountEntry, stored_entries
from server.tenants.namespaces.names import ROOT, Namespace
from storage.view import View

MAX_SHOWN = 100_000
"""The most mounts in one answer."""


class TreeBody(Body):
    """Names a tree."""

    tag: str = ""

    tells = {
        "tag": "The tree: `root`, `storage`, `accessor` or `uuid`.",
    }


async def read_router(system: System, call: Call, body: TreeBody) -> Reply:
    """Show all mounts of all namespaces. Raises ``UnsupportedPath`` for a tree that there isn't."""
    order = _ORDERS.get(body.tag)
    if order is None:
        raise UnsupportedPath
    runtime, unsealed = system.core.runtime, system.unsealed
    namespaces = [ROOT, *(entry.namespace for entry in unsealed.namespaces.by_path.values())]
    found: list[tuple[Namespace, MountEntry]] = []
    async for namespace in in_turns(namespaces):
        entries = await stored_entries(View(runtime.barrier, namespace.storage_prefix, runtime.cache))
        found.extend((namespace, entry) for entry in entries)
        if len(found) > MAX_SHOWN:
            call.warn(f"only {MAX_SHOWN} mounts are shown")
            break
    found.sort(key=order)
    with_places = body.tag in _WITH_PLACES
    return Reply({body.tag: [_shown(*each, with_place=with_places) for each in found[:MAX_SHOWN]]})


def _storage_prefix(namespace: Namespace, entry: MountEntry) -> str:
    return namespace.storage_prefix + entry.storage_prefix


def _shown(namespace: Namespace, entry: MountEntry, *, with_place: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "accessor": entry.accessor,
        "mount_namespace": namespace.path,
        "mount_path": entry.path.removeprefix(AUTH),
        "mount_type": entry.type,
        "uuid": entry.uuid,
    }
    if with_place:
        # What is unmounted is gone with the answer, so no mount is ever about to be.
        data |= {"storage_prefix": _storage_prefix(namespace, entry), "tainted": False}
    return data


_ORDERS: dict[str, Callable[[tuple[Namespace, MountEntry]], str]] = {
    "root": lambda each: each[0].path + each[1].path,
    "storage": lambda each: _storage_prefix(*each),
    "accessor": lambda each: each[1].accessor,
    "uuid": lambda each: each[1].uuid,
}

_WITH_PLACES = frozenset({"root", "storage"})
