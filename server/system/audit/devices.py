"""Audit devices; the broker does the work, see ``server.audit``."""

from __future__ import annotations

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import KeyValues, SlashedPath
from server.audit.options import writes_raw
from server.system.state import System


class DeviceBody(Body):
    """The path of an audit device."""

    path: SlashedPath = ""

    tells = {
        "path": "The path of the device.",
    }


class EnableDeviceBody(DeviceBody):
    """A new audit device."""

    type: str = ""
    description: str = ""
    options: KeyValues = {}
    local: bool = False

    tells = {
        "type": "The type of device, such as `file`.",
        "description": "A description.",
        "options": "Options of the device, such as `file_path`.",
        "local": "Accepted and ignored: there is no replication.",
    }


class HashBody(DeviceBody):
    """A text to find in the log of a device."""

    input: str = ""

    tells = {
        "input": "The text.",
    }


async def list_devices(system: System, call: Call, body: Nothing) -> Reply:
    """List the audit devices."""
    return Reply(system.unsealed.audit.devices())


async def enable_device(system: System, call: Call, body: EnableDeviceBody) -> None:
    """Enable an audit device, if the configuration allows it: a caller that chooses the file can write to any."""
    settings = system.core.runtime.settings
    if not settings.audit_through_api:
        raise InvalidRequest(
            "cannot enable audit device via API; use declarative, config-based audit device management instead"
        )
    if writes_raw(body.options) and not settings.audit_raw_allowed:
        raise InvalidRequest("log_raw is not allowed; it takes allow_log_raw = true in the configuration")
    await system.unsealed.audit.enable(body.path, body.type, body.description, body.options, body.local)


async def disable_device(system: System, call: Call, body: DeviceBody) -> None:
    """Disable an audit device; no error if there is none."""
    await system.unsealed.audit.disable(body.path)


async def hash_input(system: System, call: Call, body: HashBody) -> Reply:
    """Hash a text with a device's salt, to find it in the log."""
    return Reply({"hash": system.unsealed.audit.hash(body.path, body.input)})
