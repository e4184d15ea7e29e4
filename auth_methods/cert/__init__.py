"""cert: callers log in with the certificate that they have shown in the TLS handshake.

The listener asks for certificates and lets only those through that come from authorities it knows
(``tls_client_ca_file``); here it is decided which of them may have what. Roles are in ``roles``, what a certificate
says and whether it may be trusted in ``certificates``, which were taken back in ``revocations``, logging in and
renewing in ``login``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auth_methods.base import Renewal
from auth_methods.cert import login, revocations, roles
from auth_methods.cert.roles import Config, Role
from auth_methods.names import is_name
from engines.base import Access, Call, Mount, Nothing, Operation, Route
from engines.faults import Failed

READ, LIST, UPDATE, DELETE = Operation.READ, Operation.LIST, Operation.UPDATE, Operation.DELETE


class Cert:
    """The roles of one mount."""

    type: ClassVar[str] = "cert"
    summary: ClassVar[str] = "Certificates shown in the TLS handshake"

    def __init__(self, mount: Mount) -> None:
        self.mount = mount

    async def role(self, name: str) -> Role | None:
        """The role of this name, in any case."""
        return await self.mount.storage.load(roles.key(name), roles.decode) if is_name(name) else None

    async def configuration(self) -> Config:
        """The mount's settings."""
        return await self.mount.storage.load(roles.CONFIG, roles.decode_config) or Config()

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: what the login says."""
        name = given.get("name")
        return name.lower() if path == "login" and isinstance(name, str) else ""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """What a role's token may still have; nothing once the role is gone."""
        name = metadata.get("cert_name", "")
        role = await self.role(name)
        if role is None:
            raise Failed(f"failed to renew entry: certificate {name} does not exist during renewal")
        return role.token.renewal()

    async def check_renewal(self, metadata: Mapping[str, str], call: Call) -> None:
        """As ``ChecksRenewals``: who renews has to show the same certificate again."""
        await login.check_renewal(self, metadata, call)

    routes: ClassVar[tuple[Route, ...]] = (
        Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a certificate.", Access.PUBLIC),
        Route(LIST, "certs", roles.list_roles, roles.ListBody, "List the roles.", writes=False),
        Route(READ, "certs/{name}", roles.read_role, roles.RoleName, "Show a role.", writes=False),
        Route(UPDATE, "certs/{name}", roles.write_role, roles.RoleBody, "Make or change a role."),
        Route(DELETE, "certs/{name}", roles.delete_role, roles.RoleName, "Delete a role."),
        Route(LIST, "crls", revocations.list_lists, revocations.ListsBody, "List the revocation lists.", writes=False),
        Route(READ, "crls/{name}", revocations.read_list, revocations.ListName, "Show a revocation list.",
              writes=False),
        Route(UPDATE, "crls/{name}", revocations.write_list, revocations.ListBody, "Take a revocation list."),
        Route(DELETE, "crls/{name}", revocations.delete_list, revocations.ListName, "Forget a revocation list."),
        Route(READ, "config", roles.read_config, Nothing, "Show the settings.", writes=False),
        Route(UPDATE, "config", roles.write_config, roles.ConfigBody, "Change the settings."),
    )  # fmt: skip
