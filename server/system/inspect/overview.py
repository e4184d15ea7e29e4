"""Overview of the server: its host, versions, configuration and API."""

from __future__ import annotations

from typing import Any

from engines.base import Body, Call, Nothing, Reply
from engines.durations import format_time
from server.core.unsealed import versions
from server.system.inspect import host
from server.system.inspect.openapi import document
from server.system.mounts.visible import visible_mounts
from server.system.state import System


class SpecificationBody(Body):
    """The form of the OpenAPI document."""

    generic_mount_paths: bool = False

    tells = {
        "generic_mount_paths": "Replace the paths of mounts by parameters.",
    }


async def read_host(system: System, call: Call, body: Nothing) -> Reply:
    """Show processors, memory and disks of the machine, as far as known."""
    data: dict[str, Any] = {"timestamp": format_time(call.now)}
    for name, read in host.PARTS.items():
        try:
            data[name] = read(call.now)
        except (OSError, ValueError, LookupError):
            call.warn(f"this system does not tell {name}")
    return Reply(data)


async def list_versions(system: System, call: Call, body: Nothing) -> Reply:
    """List the versions of the server that have run on this storage, the oldest first."""
    installed = await versions(system.unsealed.root.view)
    keys = sorted(installed, key=installed.__getitem__)
    info = {
        version: {
            "commit_date": "",
            "previous_version": keys[index - 1] if index else None,
            "timestamp_installed": format_time(int(installed[version])),
        }
        for index, version in enumerate(keys)
    }
    return Reply({"keys": keys, "key_info": info})


async def read_configuration(system: System, call: Call, body: Nothing) -> Reply:
    """Show the configuration without secrets."""
    return Reply(dict(system.core.runtime.settings.shown))


async def read_specification(system: System, call: Call, body: SpecificationBody) -> Reply:
    """Return the OpenAPI document of all mounts visible to the caller."""
    return Reply(document(await visible_mounts(system, call), generic_mount_paths=body.generic_mount_paths))
