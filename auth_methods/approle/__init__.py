"""AppRole: machines log in with the id of a role and a secret id that was handed to them.

Roles are in ``roles`` (and their single properties in ``properties``), secret ids in ``secret_ids``, what is stored in
``store``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auth_methods.approle import login, roles, secret_ids
from auth_methods.approle.properties import property_routes
from auth_methods.approle.store import Store
from auth_methods.base import Renewal
from engines.base import Access, Call, Mount, Nothing, Operation, Route
from engines.faults import Failed

READ, LIST, UPDATE, DELETE = Operation.READ, Operation.LIST, Operation.UPDATE, Operation.DELETE
_ROLE = "role/{role_name}"


class AppRole:
    """The roles of one mount."""

    type: ClassVar[str] = "approle"
    summary: ClassVar[str] = "Roles for machines, proved by secret ids"

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self.store = Store(mount.storage)

    def named(self, call: Call, body: Any) -> str:
        """The role id in a login."""
        return body.role_id.strip() if isinstance(body, login.LoginBody) else ""

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: a role id names the role."""
        role_id = given.get("role_id")
        role = await self.store.role_by_id(role_id.strip()) if path == "login" and isinstance(role_id, str) else None
        return "" if role is None else role.name

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """What a role's token may still have; nothing once the role is gone."""
        name = metadata.get("role_name", "")
        role = await self.store.role(name)
        if role is None:
            raise Failed(f'failed to renew entry: role "{name}" does not exist during renewal')
        return role.token.renewal()

    async def tick(self, now: float) -> None:
        """Remove secret ids that have ended."""
        await self.store.sweep(now)

    routes: ClassVar[tuple[Route, ...]] = (
        Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a role id and a secret id.", Access.PUBLIC),
        Route(LIST, "role", roles.list_roles, roles.ListBody, "List the roles.", writes=False),
        Route(READ, _ROLE, roles.read_role, roles.RoleName, "Show a role.", writes=False),
        Route(UPDATE, _ROLE, roles.write_role, roles.RoleBody, "Make or change a role.", exists=roles.role_exists),
        Route(DELETE, _ROLE, roles.delete_role, roles.RoleName, "Delete a role and its secret ids."),
        *property_routes(),
        Route(LIST, f"{_ROLE}/secret-id", secret_ids.list_secrets, secret_ids.ListSecretsBody,
              "List the accessors of a role's secret ids.", writes=False),
        Route(UPDATE, f"{_ROLE}/secret-id", secret_ids.generate, secret_ids.GenerateBody, "Make a secret id."),
        Route(UPDATE, f"{_ROLE}/custom-secret-id", secret_ids.set_custom, secret_ids.CustomBody,
              "Take a secret id of the caller's making."),
        Route(UPDATE, f"{_ROLE}/secret-id/lookup", secret_ids.look_up, secret_ids.SecretBody,
              "Show what a secret id is bound to.", writes=False),
        Route(UPDATE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
        Route(DELETE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
        Route(UPDATE, f"{_ROLE}/secret-id-accessor/lookup", secret_ids.look_up_accessor, secret_ids.AccessorBody,
              "Show what the secret id of an accessor is bound to.", writes=False),
        Route(UPDATE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
              "Destroy the secret id of an accessor."),
        Route(DELETE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
              "Destroy the secret id of an accessor."),
        Route(UPDATE, "tidy/secret-id", login.tidy, Nothing, "Remove secret ids that have ended."),
    )  # fmt: skip
