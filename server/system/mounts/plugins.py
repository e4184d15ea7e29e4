"""Plug-in catalogue: the installed plug-ins, in the form that Vault's clients expect."""

from __future__ import annotations

from typing import Any

from engines.base import Body, Call, Nothing, Reply
from engines.faults import NotFound, UnsupportedOperation
from server.runtime import plugins
from server.runtime.version import PLUGIN_VERSION
from server.system.state import System

_GROUPS = {"auth": plugins.AUTH_METHODS, "database": None, "secret": plugins.ENGINES}
"""Groups of plug-ins by Vault's name of the kind; there are no database plug-ins."""

_BUILT_IN = frozenset({"token"})
"""Built-in types, which can't be mounted and so aren't in the catalogue."""


class KindBody(Body):
    """A kind of plug-ins."""

    type: str = ""

    tells = {
        "type": "`auth` or `secret`.",
    }


class PluginBody(KindBody):
    """The name of a plug-in."""

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
