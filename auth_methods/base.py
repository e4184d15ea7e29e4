"""What an auth method is: an engine, mounted below ``auth/``, whose public routes answer with a ``Login``.

Only the core's token store mints tokens. A method that has checked a proof returns what it found out, and the core
applies the mount's and the system's limits, creates the token and registers its lease. So a mistake in a method can
hand out the wrong identity, but never a token that breaks the rules.

Beyond that a method may have a say when its tokens are renewed (``Renews``), and an account that the body of a login
names is locked after too many wrong proofs (``NamesAccount``). How often anybody may fail to log in at all is the
core's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from auth_methods.records import TokenRecord
from engines.base import Call, Reply
from engines.faults import InvalidRequest


class Login(Reply):
    """A proof was accepted. TTLs are in seconds, and 0 takes the mount's or the system's default."""

    policies: tuple[str, ...] = ()
    display_name: str = ""
    """What tells this caller from others of the mount, whose name the core puts in front; may be empty."""

    metadata: Mapping[str, str] = {}
    ttl_seconds: int = 0
    max_ttl_seconds: int = 0
    explicit_max_ttl_seconds: int = 0
    period_seconds: int = 0
    num_uses: int = 0
    bound_cidrs: tuple[str, ...] = ()
    token_type: str = "default"  # noqa: S105 - a word, not a secret
    no_default_policy: bool = False
    renewable: bool = True
    alias: str = ""
    """The name by which the method knows this caller, for identity; nobody in particular if it is empty."""

    alias_metadata: Mapping[str, str] = {}
    """What the method knows of this caller, to be kept with that name."""

    groups: tuple[str, ...] | None = None
    """The names of all groups that the method knows this caller to be in; None if it knows of no groups."""


class Issued(Reply, kw_only=True):
    """A token is handed out: by the core for a ``Login``, and by the token method."""

    auth: TokenRecord
    identity_policies: tuple[str, ...] = ()
    """What the entity of the token adds to its policies; the core fills this."""

    entity_created: bool = False
    """Whether that entity is new; the core fills this."""


class InvalidCredentials(InvalidRequest):
    """The proof is wrong; it counts towards locking out whoever is named in it."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a token of a method may still have, in seconds; 0 takes the mount's default."""

    ttl_seconds: int = 0
    max_ttl_seconds: int = 0
    period_seconds: int = 0


@runtime_checkable
class Renews(Protocol):
    """A method that decides whether and for how long its tokens are renewed."""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """What the token with ``metadata`` and ``policies`` may have; raises a fault if it may not be renewed."""


@runtime_checkable
class ChecksRenewals(Protocol):
    """A method that looks at who renews its tokens, beyond the token itself."""

    async def check_renewal(self, metadata: Mapping[str, str], call: Call) -> None:
        """Raises a fault if whoever makes ``call`` may not renew a token with ``metadata``."""


@runtime_checkable
class NamesAccount(Protocol):
    """The body of a login that names an account, so that guessing at one account can be stopped."""

    def named_account(self) -> str:
        """The name of the account that the login is for, whether there is one or not; empty if none is named."""


class LocalIssuer(Protocol):
    """The issuer of this server's own JSON Web Tokens, asked without a request over the network."""

    async def verified(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a token that it has signed. Raises ``auth_methods.jwt.keys.BadSignature``."""

    async def is_valid(self, token_id: object, address: str, now: float) -> bool:
        """Whether the token with this ``jti`` hasn't ended and may be shown from ``address``."""


@runtime_checkable
class TrustsServer(Protocol):
    """A method that can take this server's own JSON Web Tokens as proofs."""

    def trust(self, issuer: LocalIssuer) -> None:
        """Called once, before the first login."""


@runtime_checkable
class ResolvesRole(Protocol):
    """A method whose logins name a role, so that a quota may be for one role alone."""

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """The role that a login at ``path``, below the mount, with these parameters asks for; ``""`` for none.

        It is asked before anything is checked, so it must cost little, and the answer proves nothing.
        """
