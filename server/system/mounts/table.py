"""Secrets engines and auth methods: enabling, reading and disabling them.

Both are mounts; the path of an auth method is given without ``auth/``. ``Kind`` holds the differences, and each route
has a handler for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engines.base import Body, Call, Holds, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import KeyValues, SlashedPath
from server.inventory.burial import bury_mount
from server.runtime import plugins
from server.system.mounts.settings import MountSettings, read_config, refuse_version
from server.system.mounts.views import mount_data
from server.system.state import System
from server.tenants.mounts.table import AUTH, MountEntry, new_entry

RESERVED = ("auth/", "sys/", "cubbyhole/", "identity/", "audit/")
"""Reserved paths, at and below which no secrets engine may be mounted."""

_FIXED = frozenset({"sys/", "cubbyhole/", "identity/"})
"""Paths of Vault's own engines, which can't be unmounted."""

BUILT_IN_TYPES = frozenset({"system", "token", "cubbyhole", "identity"})
"""Engines that are there from the first, once in each namespace."""

_PLUGIN = "plugin"


@dataclass(frozen=True, slots=True)
class Kind:
    """Secrets engines, or auth methods."""

    prefix: str
    plugins: str
    missing: str


SECRETS = Kind("", plugins.ENGINES, "No secret engine mount at")
AUTHS = Kind(AUTH, plugins.AUTH_METHODS, "No auth engine at")


class PathBody(Body):
    """The path of a mount."""

    path: SlashedPath = ""

    tells = {
        "path": "The path of the mount.",
    }


class EnableBody(PathBody):
    """A new mount."""

    holds: ClassVar[Holds] = {"config": MountSettings}

    other_names: ClassVar[Mapping[str, str]] = {"plugin_name": "type"}

    type: str = ""
    description: str = ""
    config: dict[str, Any] = {}
    options: KeyValues = {}
    local: bool = False
    seal_wrap: bool = False
    external_entropy_access: bool = False
    plugin_name: str = ""
    plugin_version: str = ""

    tells = {
        "type": "The type of the engine or method.",
        "description": "A description.",
        "config": "Settings, as for `tune`, such as `default_lease_ttl`.",
        "options": "Options of the engine or method.",
        "local": "Accepted and ignored: there is no replication.",
        "seal_wrap": "Accepted and ignored.",
        "external_entropy_access": "Accepted and ignored.",
        "plugin_name": "The type, where `type` is `plugin`.",
        "plugin_version": "The version of the plug-in: empty for built-in ones.",
    }


def normal_path(path: str) -> str:
    """``path`` in the form of mounts: no leading slash, one trailing slash."""
    return path.strip("/") + "/"


def refuse_over_namespace(system: System, path: str) -> None:
    """Raise ``InvalidRequest`` if there is a namespace at or above the path of a new secrets engine."""
    occupied = namespace_in(system, path)
    if occupied is not None:
        raise InvalidRequest(f"existing mount at {occupied}")


def namespace_in(system: System, path: str) -> str | None:
    """The whole path of the namespace that ``path`` begins with, if any."""
    namespace = system.tenant.namespace.path + path.partition("/")[0] + "/"
    return namespace if namespace in system.unsealed.namespaces.by_path else None


def is_reserved(path: str) -> bool:
    """Whether ``path`` is reserved."""
    return path.startswith(RESERVED)


async def list_mounts(system: System, call: Call, body: Nothing) -> Reply:
    """List the secrets engines."""
    entries = await system.tenant.mounts.entries()
    return Reply({entry.path: mount_data(entry) for entry in entries if not entry.is_auth})


async def list_auth(system: System, call: Call, body: Nothing) -> Reply:
    """List the auth methods."""
    entries = await system.tenant.mounts.entries()
    return Reply({entry.path.removeprefix(AUTH): mount_data(entry) for entry in entries if entry.is_auth})


async def read_mount(system: System, call: Call, body: PathBody) -> Reply:
    """Show the secrets engine that serves the path."""
    return await _read(system, SECRETS, body)


async def read_auth(system: System, call: Call, body: PathBody) -> Reply:
    """Show one auth method."""
    return await _read(system, AUTHS, body)


async def _read(system: System, kind: Kind, body: PathBody) -> Reply:
    path = normal_path(body.path)
    match = (await system.tenant.mounts.router()).find(kind.prefix + path)
    if match is None:
        raise InvalidRequest(f"{kind.missing} {path}")
    return Reply(mount_data(match.mounted.entry))


async def enable_mount(system: System, call: Call, body: EnableBody) -> None:
    """Mount a secrets engine."""
    path = normal_path(body.path)
    type_name = _type(body)
    if is_reserved(path):
        raise InvalidRequest(f'cannot mount "{path}"')
    refuse_over_namespace(system, path)
    if type_name in BUILT_IN_TYPES:
        raise InvalidRequest(f'mount type of "{type_name}" is not mountable')
    await _enable(system, SECRETS, path, type_name, call, body)


async def enable_auth(system: System, call: Call, body: EnableBody) -> None:
    """Mount an auth method."""
    path = normal_path(body.path)
    type_name = _type(body)
    if type_name in BUILT_IN_TYPES:
        raise InvalidRequest(f"{type_name} credential backend cannot be instantiated")
    await _enable(system, AUTHS, path, type_name, call, body)


def _type(body: EnableBody) -> str:
    if body.type == _PLUGIN:
        if not body.plugin_name:
            raise InvalidRequest("plugin_name must be provided for plugin backend")
        return body.plugin_name
    if not body.type:
        raise InvalidRequest("backend type must be specified as a string")
    return body.type


async def _enable(system: System, kind: Kind, path: str, type_name: str, call: Call, body: EnableBody) -> None:
    config = read_config(body.config, system.core.runtime.settings.max_lease_ttl_seconds, is_auth=kind is AUTHS)
    refuse_version(body.options, type_name, is_auth=kind is AUTHS)
    if plugins.engine_type(kind.plugins, type_name) is None:
        raise InvalidRequest(f"plugin not found in the catalog: {type_name}")
    entry: MountEntry = new_entry(
        kind.prefix + path,
        type_name,
        description=body.description,
        options=None if call.given.get("options", body.options) is None else body.options,
        local=body.local,
        seal_wrap=body.seal_wrap,
        external_entropy_access=body.external_entropy_access,
        config=config,
    )
    await system.tenant.mounts.enable(entry)


async def disable_mount(system: System, call: Call, body: PathBody) -> None:
    """Unmount a secrets engine and delete its storage; no error if there is none."""
    path = normal_path(body.path)
    entry = await system.tenant.mounts.entry(path)
    if path in _FIXED or (entry is not None and (entry.built_in or entry.is_auth)):
        raise InvalidRequest(f'cannot unmount "{path}"')
    await system.unsealed.use_writer.flush_all()
    await bury_mount(system.tenant, path, call.now)
    await system.tenant.mounts.disable(path)
    await system.tenant.leases.revoke_prefix(path)


async def disable_auth(system: System, call: Call, body: PathBody) -> None:
    """Unmount an auth method, delete its storage and revoke its tokens; no error if there is none."""
    path = AUTHS.prefix + normal_path(body.path)
    entry = await system.tenant.mounts.entry(path)
    if entry is not None and entry.built_in:
        raise InvalidRequest(f"{entry.engine_type} credential backend cannot be disabled")
    await system.tenant.mounts.disable(path)
    await system.tenant.leases.revoke_prefix(path)
