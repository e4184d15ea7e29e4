"""Stored roles and secret ids.

A secret id is stored under its salted hash, never itself. Accessors are kept inside the entries, because they are
listed, and have an index of salted hashes.
"""

from __future__ import annotations

from msgspec import Struct

from auth_methods.token_fields import TokenSettings


class Role(Struct, frozen=True, kw_only=True):
    """A role. ``secret_id_ttl`` is in seconds; 0 means no limit, here and for the uses."""

    name: str
    uuid: str
    """Identifies this role and no later one of the same name; its secret ids are filed under it."""

    role_id: str
    bind_secret_id: bool = True
    local_secret_ids: bool = False
    secret_id_bound_cidrs: tuple[str, ...] | None = None
    secret_id_num_uses: int = 0
    secret_id_ttl: int = 0
    token: TokenSettings = TokenSettings()


class SecretId(Struct, frozen=True, kw_only=True):
    """A secret id's stored properties, without the id. Times are seconds since the epoch, 0 for never."""

    accessor: str
    creation_time: float
    last_updated_time: float
    expiration_time: float = 0
    ttl: int = 0
    num_uses: int = 0
    """Remaining uses; 0 for any number."""

    cidr_list: tuple[str, ...] = ()
    token_bound_cidrs: tuple[str, ...] = ()
    metadata: dict[str, str] = {}

    def alive(self, now: float) -> bool:
        """Whether it may be used at ``now``."""
        return not self.expiration_time or self.expiration_time > now


class AccessorEntry(Struct, frozen=True):
    """The place of an accessor's secret id in storage."""

    role_uuid: str
    secret_hash: str
