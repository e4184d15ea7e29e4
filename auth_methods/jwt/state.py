"""State of one mount of jwt: its configuration and roles, and the cached keys and provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth_methods.base import LocalIssuer, Renewal
from auth_methods.jwt.keys import Key, key_from_pem
from auth_methods.jwt.logins import used_ids
from auth_methods.jwt.logins.poll_pace import PollPace
from auth_methods.jwt.providers.endpoints import Endpoints
from auth_methods.jwt.providers.openid import Provider
from auth_methods.jwt.records import CONFIG, Config, Role, decode, decode_config, key
from auth_methods.jwt.remote import RemoteKeys
from auth_methods.names import is_name
from engines.base import Mount
from engines.faults import Failed


class Jwt:
    """The configuration, roles and keys of one mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self._static: tuple[tuple[str, ...], list[Key]] = ((), [])
        self._remote: RemoteKeys | None = None
        self._provider: Provider | None = None
        self.local_issuer: LocalIssuer | None = None
        self.polls = PollPace()

    def trust(self, issuer: LocalIssuer) -> None:
        """As ``TrustsServer``."""
        self.local_issuer = issuer

    async def configuration(self) -> Config | None:
        """The configuration; None before it is written."""
        return await self.mount.storage.load(CONFIG, decode_config)

    async def role(self, name: str) -> Role | None:
        """The role of this name, in any case."""
        return await self.mount.storage.load(key(name), decode) if is_name(name) else None

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

    async def endpoints(self, present: Config) -> Endpoints:
        """The endpoints of the provider of logins through a browser. Raises ``FetchFailed``."""
        github = present.github
        return await self.provider(present).endpoints() if github is None else github.endpoints

    def provider(self, present: Config) -> Provider:
        """The OpenID provider of logins through a browser."""
        source = present.source
        assert source is not None, "checked when the configuration was written"
        if self._provider is None or self._provider.source != source:
            self._provider = Provider(source, self.mount.clock)
        return self._provider

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: the one named in the login, or else in the configuration."""
        if path not in ("login", "oidc/auth_url"):
            return ""
        name = given.get("role")
        if not name:
            configured = await self.configuration()
            name = "" if configured is None else configured.default_role
        return name.lower() if isinstance(name, str) else ""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """The renewal that the role allows; none once the role is deleted."""
        name = metadata.get("role", "")
        role = await self.role(name)
        if role is None:
            raise Failed(f"failed to renew entry: role {name} does not exist during renewal")
        return role.token.renewal()

    async def tick(self, now: float) -> None:
        """Forget the ids of tokens that have ended."""
        await used_ids.sweep(self.mount.storage, now)
