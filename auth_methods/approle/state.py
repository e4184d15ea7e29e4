"""State of one mount of AppRole, and the Protocols that the core asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth_methods.approle.store import Store
from auth_methods.base import Renewal
from engines.base import Mount
from engines.faults import Failed


class AppRole:
    """The roles and secret ids of one mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self.store = Store(mount.storage)

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: a role id names the role."""
        role_id = given.get("role_id")
        role = await self.store.role_by_id(role_id.strip()) if path == "login" and isinstance(role_id, str) else None
        return "" if role is None else role.name

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """The renewal that the role allows; none once the role is deleted."""
        name = metadata.get("role_name", "")
        role = await self.store.role(name)
        if role is None:
            raise Failed(f'failed to renew entry: role "{name}" does not exist during renewal')
        return role.token.renewal()

    async def tick(self, now: float) -> None:
        """Remove secret ids that have ended."""
        await self.store.sweep(now)
