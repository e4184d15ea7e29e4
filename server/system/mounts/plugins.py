"""The plug-ins that are installed, as the catalogue that Vault's clients know."""

from __future__ import annotations

from typing import Any

from engines.base import Body, Call, Nothing, Reply
from engines.faults import NotFound, UnsupportedOperation
from server.runtime import plugins
from server.runtime.version import PLUGIN_VERSION
from server.system.state import System

_GROUPS = {"auth": plugins.AUTH_METHODS, "database": None, "secret": plugins.ENGINES}
"""By Vault's word for each kind; of database plug-ins there are none."""

_BUILT_IN = frozenset({"token"})
"""Always mounted and never to be mounted again, so not in the catalogue."""


class KindBody(Body):
    """Names a kind of plug-ins."""

    type: str = ""

    tells = {
        "type": "`auth` or `secret`.",
    }


class PluginBody(KindBody):
    """Names a plug-in."""

    name: str = ""

    tells = {
        "name": "The plug-in.",
    }


async def read_catalog(system: System, call: Call, body: Nothing) -> Reply:
    """Show all plug-ins."""
    data: dict[str, Any] = {kind: _names(kind) for kind in _GROUPS}
    data["detailed"] = [
        {
            "builtin": True,
            "deprecation_status": "supported",
            "name": name,
            "type": kind,
            "version": PLUGIN_VERSION,
        }
        for kind in _GROUPS
        for name in _names(kind)
    ]
    return Reply(data)


async def list_plugins(system: System, call: Call, body: KindBody) -> Reply:
    """List the plug-ins of one kind."""
    if body.type not in _GROUPS:
        raise UnsupportedOperation
    return Reply({"keys": _names(body.type)})


async def read_plugin(system: System, call: Call, body: PluginBody) -> Reply:
    """Show one plug-in."""
    if body.type not in _GROUPS or body.name not in _names(body.type):
        raise NotFound
    return Reply(
        {
            "args": None,
            "builtin": True,
            "command": "",
            "declarative": False,
            "deprecation_status": "supported",
            "name": body.name,
            "oci": False,
            "sha256": "",
            "version": PLUGIN_VERSION,
        }
    )


def _names(kind: str) -> list[str]:
    group = _GROUPS[kind]
    return [] if group is None else [name for name in plugins.names(group) if name not in _BUILT_IN]
