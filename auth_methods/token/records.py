"""Stored roles of the token method: the limits of tokens created by them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auth_methods.names import matches_any

ROLES = "roles/"
"""The prefix of roles in storage."""

_DEFAULT_TYPE = "default-service"


class Role(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored role. TTLs are in seconds, 0 for none. ``old`` are the settings written under their old names."""

    name: str
    allowed_policies: tuple[str, ...] = ()
    disallowed_policies: tuple[str, ...] = ()
    allowed_policies_glob: tuple[str, ...] = ()
    disallowed_policies_glob: tuple[str, ...] = ()
    orphan: bool = False
    renewable: bool = True
    path_suffix: str = ""
    allowed_entity_aliases: tuple[str, ...] | None = None
    token_type: str = _DEFAULT_TYPE
    period: int = 0
    explicit_max_ttl: int = 0
    bound_cidrs: tuple[str, ...] = ()
    num_uses: int = 0
    no_default_policy: bool = False
    jwt_audiences: tuple[str, ...] = ()
    """The audiences that its JSON Web Tokens may have; empty if it issues none."""

    jwt_ttl: int = 0
    """The longest TTL of one of these, in seconds; 0 for a day."""

    old: frozenset[str] = frozenset()

    @property
    def speaks_of_policies(self) -> bool:
        """Whether the role restricts the policies of its tokens."""
        return bool(
            self.allowed_policies
            or self.disallowed_policies
            or self.allowed_policies_glob
            or self.disallowed_policies_glob
        )

    def disallows(self, policy: str) -> bool:
        """Whether no token of the role may have ``policy``."""
        return policy in self.disallowed_policies or matches_any(policy, self.disallowed_policies_glob)


def decode_role(value: bytes) -> Role:
    """The role that was stored."""
    return msgspec.msgpack.decode(value, type=Role)
