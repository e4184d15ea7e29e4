"""State of one mount of github: the organization, and the policies of its teams and of people.

Layout below the view:

    config
    team/<name>                    the policies of a team, by its name or slug in lower case
    user/<login>                   the policies of a person, and the number of the account, looked up when written
    user-id/<number>/<login>       empty: finds the entries of a person whose login may have changed meanwhile
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from auth_methods.base import Renewal
from auth_methods.token_fields import TokenSettings
from engines.base import Mount
from engines.faults import Failed
from storage.view import View

API = "https://api.github.com/"
ALL = "default"
"""The name of a mapping that is for everyone in the organization, among teams and among people."""

CONFIG = "config"
TEAMS, USERS, USER_IDS = "team/", "user/", "user-id/"
_MAX_MAPPINGS = 100
"""The most mappings of one person that count: one, but for logins that have changed."""


class Config(Struct, frozen=True, kw_only=True):
    """The stored configuration."""

    organization: str
    organization_id: int
    base_url: str = ""
    token: TokenSettings = TokenSettings()

    @property
    def api_root(self) -> str:
        """The root of the API, without ``/`` at its end."""
        return (self.base_url or API).rstrip("/")


class PolicyMapping(Struct, frozen=True, kw_only=True):
    """Policies of a team or a person. ``id`` is the number of the person's account, 0 for a team."""

    policies: tuple[str, ...] = ()
    id: int = 0


class GitHub:
    """The configuration and the mappings of one mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount

    @property
    def storage(self) -> View:
        """The mount's part of storage."""
        return self.mount.storage

    async def configuration(self) -> Config | None:
        """The configuration; None before it is written."""
        return await self.storage.load(CONFIG, decode_config)

    async def mapping(self, key: str) -> PolicyMapping | None:
        """The mapping at a storage key."""
        return await self.storage.load(key, decode_mapping)

    async def policies(self, teams: Iterable[str], user_id: int) -> tuple[str, ...]:
        """The policies of a person with this number, who is in ``teams``."""
        logins = await self.storage.list(f"{USER_IDS}{user_id}/", limit=_MAX_MAPPINGS)
        keys = [team_key(ALL), *map(team_key, teams), user_key(ALL), *map(user_key, logins)]
        found = [await self.mapping(key) for key in dict.fromkeys(keys)]
        return tuple(sorted({policy for one in found if one is not None for policy in one.policies}))

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """As ``Renews``: what the configuration allows."""
        config = await self.configuration()
        if config is None:
            raise Failed("failed to renew entry: the method isn't configured any longer")
        return config.token.renewal()


def team_key(name: str) -> str:
    """The storage key of a team's mapping."""
    return TEAMS + name.lower()


def user_key(login: str) -> str:
    """The storage key of a person's mapping."""
    return USERS + login.lower()


def decode_config(value: bytes) -> Config:
    """The stored configuration."""
    return msgspec.msgpack.decode(value, type=Config)


def decode_mapping(value: bytes) -> PolicyMapping:
    """A stored mapping."""
    return msgspec.msgpack.decode(value, type=PolicyMapping)
