"""Namespaces below the caller's: creating, reading, changing, deleting and locking them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, UnsetType

from compat.conversion import go_type
from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import READING, SlashedPath
from server.inventory.burial import bury_namespace
from server.system.state import System
from server.tenants.mounts.table import MountEntry
from server.tenants.namespaces.names import check_new_name, refuse_separators
from server.tenants.namespaces.records import Entry
from server.tenants.namespaces.table import ALREADY_GONE

_ABOUT_A_SEAL = frozenset({"seal", "seal-status", "unseal", "delete-sealed"})
"""OpenBao's paths below a namespace's, for namespaces with a seal of their own."""

_NOT_ROOT = "root namespace cannot be locked/unlocked"


class NameBody(Body):
    """The name of a child namespace."""

    path: SlashedPath = ""

    tells = {
        "path": "The path of the namespace, relative to the request's.",
    }


class MetadataBody(NameBody):
    """A namespace and its metadata."""

    custom_metadata: dict[str, Any] | UnsetType = UNSET

    tells = {
        "custom_metadata": "Metadata of the user's own: an object of texts.",
    }


class NamespaceBody(MetadataBody):
    """A new namespace. Seals of its own are refused."""

    seal: str = ""
    pgp_keys: list[str] = []

    tells = {
        "seal": "Not supported: a seal of the namespace's own.",
        "pgp_keys": "Not supported: OpenPGP keys for the shares of such a seal.",
    }


def _names_below(path: str) -> str:
    """The names in a path of namespaces, joined by slashes."""
    return "/".join(name for name in path.split("/") if name not in ("", "."))


class LockBody(Body):
    """A namespace at any depth below; the caller's own without a name."""

    path_only: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Annotated[str, Meta(extra={READING: _names_below})] = ""

    tells = {
        "path": "The path of the namespace. Default: the request's.",
    }


class UnlockBody(LockBody):
    """A namespace, and the key returned by locking it."""

    unlock_key: str = ""

    tells = {
        "unlock_key": "The `unlock_key` of the answer to locking; not required with `sudo`.",
    }


async def list_namespaces(system: System, call: Call, body: Nothing) -> Reply:
    """List the child namespaces."""
    return _listed(system, system.unsealed.namespaces.children(_here(system)))


async def scan_namespaces(system: System, call: Call, body: Nothing) -> Reply:
    """List all namespaces below."""
    return _listed(system, system.unsealed.namespaces.descendants(_here(system)))


async def read_namespace(system: System, call: Call, body: NameBody) -> Reply | None:
    """Show a namespace."""
    entry = system.unsealed.namespaces.by_path.get(_named(system, body))
    return None if entry is None else Reply(_shown(entry))


async def write_namespace(system: System, call: Call, body: NamespaceBody) -> Reply:
    """Create a namespace, or replace the metadata of one."""
    path = _named(system, body)
    if body.seal:
        # Creating it without a seal would be less than requested.
        raise InvalidRequest("namespaces with a seal of their own are not supported")
    if path not in system.unsealed.namespaces.by_path:
        check_new_name(body.path.removesuffix("/"))
        _refuse_over_mount(path, _here(system), await system.tenant.mounts.entries())
    metadata = {} if body.custom_metadata is UNSET else body.custom_metadata
    if not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidRequest("custom_metadata values must be strings")
    return Reply(_shown(await system.unsealed.namespaces.create(path, metadata)))


async def patch_namespace(system: System, call: Call, body: MetadataBody) -> Reply:
    """Change metadata of a namespace; null removes a key, or all of it if all is null."""
    path = _named(system, body)
    table = system.unsealed.namespaces
    if call.given.get("custom_metadata", UNSET) is None:
        return Reply(_shown(await table.clear_metadata(path)))
    patch = {} if body.custom_metadata is UNSET else body.custom_metadata
    for value in patch.values():
        if value is not None and not isinstance(value, str):
            raise InvalidRequest(f"metadata patch can only have string or null values, got {go_type(value)}")
    return Reply(_shown(await table.patch(path, patch)))


async def delete_namespace(system: System, call: Call, body: NameBody) -> Reply:
    """Delete a namespace with all its contents, at once; its storage is erased in the background."""
    path = _named(system, body)
    await system.unsealed.use_writer.flush_all()
    going = await system.unsealed.tenants.at(path)
    if going is not None and not system.unsealed.namespaces.descendants(path):
        await bury_namespace(going, system.tenant, call.now)
    if not await system.unsealed.namespaces.delete(path):
        call.warn(ALREADY_GONE)
        return Reply()
    return Reply({"status": "in-progress"})


async def lock_namespace(system: System, call: Call, body: LockBody) -> Reply:
    """Refuse all requests in a namespace and those below it, until it is unlocked."""
    return Reply({"unlock_key": await system.unsealed.namespaces.lock(_at(system, body))})


async def unlock_namespace(system: System, call: Call, body: UnlockBody) -> Reply | None:
    """Unlock a namespace; with ``sudo`` on this path, no key is needed."""
    path = _at(system, body)
    by_right = call.sudo and not body.unlock_key
    await system.unsealed.namespaces.unlock(path, None if by_right else body.unlock_key)
    if not by_right:
        return None
    call.warn("Namespace unlocked using sudo capabilities")
    return Reply()


def _here(system: System) -> str:
    return system.tenant.namespace.path


def _named(system: System, body: NameBody) -> str:
    """The whole path of a child namespace. Raises ``InvalidRequest`` for an invalid name."""
    name = body.path.removesuffix("/")
    sealable, _, question = name.rpartition("/")
    if question in _ABOUT_A_SEAL and f"{_here(system)}{sealable}/" in system.unsealed.namespaces.by_path:
        raise InvalidRequest("namespace is not sealable")
    refuse_separators(name)
    return f"{_here(system)}{name}/"


def _at(system: System, body: LockBody) -> str:
    """The whole path of the caller's namespace, or one below. Raises ``InvalidRequest`` for the root namespace."""
    below = _names_below(body.path)
    path = _here(system) + (f"{below}/" if below else "")
    if not path:
        raise InvalidRequest(_NOT_ROOT)
    return path


def _refuse_over_mount(path: str, here: str, entries: list[MountEntry]) -> None:
    for entry in entries:
        mounted = here + entry.path
        if mounted.startswith(path):
            raise InvalidRequest(f"new namespace conflicts with existing mount: {mounted}")


def _listed(system: System, entries: list[Entry]) -> Reply:
    if not entries:
        return Reply({})
    start = len(_here(system))
    return Reply(
        {
            "keys": [entry.path[start:] for entry in entries],
            "key_info": {entry.path[start:]: _shown(entry) for entry in entries},
        }
    )


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "custom_metadata": entry.metadata,
        "id": entry.id,
        "locked": bool(entry.lock),
        "path": entry.path,
        "tainted": False,
        "uuid": entry.uuid,
    }
