"""JWT: callers log in with a JSON Web Token that an identity provider has signed for them.

Keys are static, published at a URL, found by OpenID Connect Discovery, or those of this very server (``config``,
``keys``, ``remote``); what a token has to say to get which policies is a role's business (``roles``, ``claims``).
Logging in through a browser, at an OpenID Connect provider, is in ``browser``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auth_methods.base import LocalIssuer, Renewal
from auth_methods.jwt import browser, config, login, roles, used_ids
from auth_methods.jwt.config import Config
from auth_methods.jwt.keys import Key, key_from_pem
from auth_methods.jwt.provider import Provider
from auth_methods.jwt.remote import RemoteKeys
from auth_methods.jwt.roles import Role
from auth_methods.names import is_name
from engines.base import Access, Mount, Nothing, Operation, Route
from engines.faults import Failed

READ, LIST, UPDATE, DELETE = Operation.READ, Operation.LIST, Operation.UPDATE, Operation.DELETE


class Jwt:
    """The roles and keys of one mount."""

    type: ClassVar[str] = "jwt"
    summary: ClassVar[str] = "JSON Web Tokens of identity providers"

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self._static: tuple[tuple[str, ...], list[Key]] = ((), [])
        self._remote: RemoteKeys | None = None
        self._provider: Provider | None = None
        self.local_issuer: LocalIssuer | None = None

    def trust(self, issuer: LocalIssuer) -> None:
        """As ``TrustsServer``."""
        self.local_issuer = issuer

    async def configuration(self) -> Config | None:
        """The configuration; None until there is one."""
        return await self.mount.storage.load(config.KEY, config.decode)

    async def role(self, name: str) -> Role | None:
        """The role of this name, in any case."""
        return await self.mount.storage.load(roles.key(name), roles.decode) if is_name(name) else None

    async def keys(self, present: Config, key_id: str, request_id: str) -> list[Key]:
        """The keys that may have signed a token with this key id. Raises ``FetchFailed``."""
        source = present.source
        if source is None:
            if self._static[0] != present.jwt_validation_pubkeys:
                parsed = [key_from_pem(text) for text in present.jwt_validation_pubkeys]
                self._static = (present.jwt_validation_pubkeys, parsed)
            return self._static[1]
        if self._remote is None or self._remote.source != source:
            self._remote = RemoteKeys(source, self.mount.clock)
        return await self._remote.matching(key_id, request_id)

    def provider(self, present: Config) -> Provider:
        """The provider at which people log in."""
        source = present.source
        assert source is not None, "checked when the configuration was written"
        if self._provider is None or self._provider.source != source:
            self._provider = Provider(source, self.mount.clock)
        return self._provider

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: what the login says, or else the configuration."""
        if path not in ("login", "oidc/auth_url"):
            return ""
        name = given.get("role")
        if not name:
            configured = await self.configuration()
            name = "" if configured is None else configured.default_role
        return name.lower() if isinstance(name, str) else ""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """What a role's token may still have; nothing once the role is gone."""
        name = metadata.get("role", "")
        role = await self.role(name)
        if role is None:
            raise Failed(f"failed to renew entry: role {name} does not exist during renewal")
        return role.token.renewal()

    async def tick(self, now: float) -> None:
        """Forget the ids of tokens that have ended."""
        await used_ids.sweep(self.mount.storage, now)

    routes: ClassVar[tuple[Route, ...]] = (
        Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a JSON Web Token.", Access.PUBLIC),
        Route(UPDATE, "oidc/auth_url", browser.auth_url, browser.AuthUrlBody,
              "Begin a login through a browser.", Access.PUBLIC),
        Route(READ, "oidc/callback", browser.callback, browser.CallbackBody,
              "End a login through a browser.", Access.PUBLIC),
        Route(READ, "config", config.read_config, Nothing, "Show where the keys come from.", writes=False),
        Route(UPDATE, "config", config.write_config, config.ConfigBody, "Set where the keys come from."),
        Route(LIST, "role", roles.list_roles, roles.ListBody, "List the roles.", writes=False),
        Route(READ, "role/{name}", roles.read_role, roles.RoleName, "Show a role.", writes=False),
        Route(UPDATE, "role/{name}", roles.write_role, roles.RoleBody, "Make or change a role.",
              exists=roles.role_exists),
        Route(DELETE, "role/{name}", roles.delete_role, roles.RoleName, "Delete a role."),
    )  # fmt: skip
