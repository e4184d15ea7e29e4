"""Records of auth methods: the token's, which the token store stores, and the encoding of settings.

Settings are bounded in size. A login needs no token and reads the role that it names, much of which goes into the
token: so the author of a role must not be able to make it slow to read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest

MAX_RECORD_BYTES = 1024 * 1024
"""The largest record of settings in bytes, as in OpenBao, whose storage takes no larger entries."""

SERVICE = "service"
"""A stored token: it can be listed, renewed, counted and revoked."""

BATCH = "batch"
"""A token that isn't stored: it carries its own record, sealed."""


JWT = "jwt"
"""The stored half of a JSON Web Token of this server: its id is never given out, its accessor is the ``jti``."""


class TokenRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token. Times are seconds since the epoch, 0 for never; TTLs are in seconds, 0 for none."""

    id: str = ""
    accessor: str = ""
    type: str = SERVICE
    policies: tuple[str, ...]
    path: str
    """The path of the request that made it."""
    display_name: str
    creation_time: float
    auth_type: str = ""
    """The type of the auth method that a login has made it with; ``""`` for tokens made otherwise."""
    parent: str = ""
    """The hash of the parent's id; empty for an orphan."""
    parent_namespace: str = ""
    """The id of the parent's namespace, if that isn't the token's own."""
    role: str = ""
    """The role of the token method that created it."""
    metadata: dict[str, str] | None = None
    num_uses: int = 0
    """Remaining uses, 0 for any number; -1 when the last has been used."""
    ttl: int = 0
    """The TTL it was created with."""
    explicit_max_ttl: int = 0
    period: int = 0
    renewable: bool = False
    entity_id: str = ""
    bound_cidrs: tuple[str, ...] = ()
    expire_time: float = 0
    last_renewal: float = 0
    last_ttl: int = 0
    """The TTL granted by the latest creation or renewal."""
    leased: bool = True
    """False for the root token of an initialisation, which has no lease and so no issue time."""
    wrapped_bytes: int = 0
    """The size of the wrapped answer in its cubbyhole, in bytes; 0 if it isn't a wrapping token."""
    grant: bytes = b""
    """What its auth method keeps with it, sealed; never shown."""

    @property
    def wraps(self) -> bool:
        """Whether it is a response-wrapping token, whose policies don't matter."""
        return self.wrapped_bytes > 0

    def __repr__(self) -> str:
        return f"TokenRecord(accessor={self.accessor!r})"

    @property
    def is_root(self) -> bool:
        """Whether policies don't apply to it."""
        return "root" in self.policies

    @property
    def parent_beside(self) -> str:
        """The parent, if it is in the same namespace and so in the same store; else empty."""
        return "" if self.parent_namespace else self.parent

    def alive(self, now: float) -> bool:
        """Whether it may be used at ``now``."""
        return self.num_uses >= 0 and (self.expire_time == 0 or self.expire_time > now)

    def auth_block(self, identity_policies: Collection[str] = ()) -> dict[str, Any]:
        """The ``auth`` of an answer that creates or renews the token; its entity adds ``identity_policies``."""
        block: dict[str, Any] = {
            "client_token": self.id,
            "accessor": self.accessor,
            "policies": sorted({*self.policies, *identity_policies}) if identity_policies else list(self.policies),
        }
        if self.policies:
            block["token_policies"] = list(self.policies)
        if identity_policies:
            block["identity_policies"] = sorted(set(identity_policies))
        return block | {
            "metadata": self.metadata,
            "lease_duration": self.last_ttl,
            "renewable": self.renewable,
            "entity_id": self.entity_id,
            "token_type": self.type,
            "orphan": not self.parent,
            "mfa_requirement": None,
            "num_uses": self.num_uses,
        }


def encoded(record: Struct) -> bytes:
    """``record`` as it is stored. Raises ``InvalidRequest`` if it is too large."""
    value = msgspec.msgpack.encode(record)
    if len(value) > MAX_RECORD_BYTES:
        raise InvalidRequest(f"the settings take at most {MAX_RECORD_BYTES} bytes together")
    return value
