"""Locked users: listing accounts locked after failed logins, and unlocking them."""

from __future__ import annotations

from typing import Any

from engines.base import Body, Call, Reply
from server.system.state import System


class LockedUsersBody(Body):
    """A mount, named by its accessor."""

    mount_accessor: str = ""

    tells = {
        "mount_accessor": "The accessor of an auth method's mount.",
    }


class UnlockBody(LockedUsersBody):
    """An account of a mount."""

    alias_identifier: str = ""

    tells = {
        "alias_identifier": "The locked name: a user name, or a role id.",
    }


async def list_locked_users(system: System, call: Call, body: LockedUsersBody) -> Reply:
    """List the locked accounts, by mount."""
    lockouts = system.tenant.lockouts
    mounts: list[dict[str, Any]] = []
    for accessor in [body.mount_accessor] if body.mount_accessor else await lockouts.accessors():
        aliases = await lockouts.listed(accessor, call.now)
        if aliases or body.mount_accessor:
            mounts.append({"mount_accessor": accessor, "counts": len(aliases), "alias_identifiers": aliases or None})
    total = sum(mount["counts"] for mount in mounts)
    namespace = system.tenant.namespace
    shown = {
        "namespace_id": namespace.id,
        "namespace_path": namespace.path,
        "counts": total,
        "mount_accessors": sorted(mounts, key=lambda mount: (-mount["counts"], mount["mount_accessor"])),
    }
    return Reply({"by_namespace": [shown], "total": total})


async def unlock_user(system: System, call: Call, body: UnlockBody) -> None:
    """Unlock an account; no error if it isn't locked, or doesn't exist."""
    await system.tenant.lockouts.unlock(body.mount_accessor, body.alias_identifier)
