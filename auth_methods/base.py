"""Auth methods' contract: an engine, mounted below ``auth/``, whose public routes answer with a ``Login``.

Only the core's token store mints tokens. A method checks a proof and returns what it found; the core applies the limits
of the mount and the system, creates the token and registers its lease. So a bug in a method can assert the wrong
identity, but can't produce a token that breaks the rules.

A method may also decide about renewals of its tokens (``Renews``), and name the account of a login, which is locked
after too many wrong proofs (``NamesAccount``). The core limits failed logins per client address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from auth_methods.records import TokenRecord
from engines.base import Call, Reply
from engines.durations import format_duration
from engines.faults import InvalidRequest


class Login(Reply):
    """An accepted proof. TTLs are in seconds; 0 takes the mount's or the system's default."""

    policies: tuple[str, ...] = ()
    display_name: str = ""
    """The caller's display name, to which the core prepends the mount's; may be empty."""

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
    """The caller's alias at this method, for identity; empty for none."""

    alias_metadata: Mapping[str, str] = {}
    """The alias's metadata, stored with it."""

    groups: tuple[str, ...] | None = None
    """The names of all groups of this caller that the method knows; None if it knows of no groups."""

    grant: bytes = b""
    """What the method wants kept with the token, sealed by it, to ask for the same login again; see ``KeepsGrants``."""


class Issued(Reply, kw_only=True):
    """A token handed out: by the core for a ``Login``, or by the token method."""

    auth: TokenRecord
    identity_policies: tuple[str, ...] = ()
    """The policies that the token's entity adds; set by the core."""

    entity_created: bool = False
    """Whether that entity is new; set by the core."""


class CountedReply(Reply):
    """A reply that counts as a failed login of its address, though nothing is refused: a page that tells of a failure,
    or a beginning that costs a provider something."""


class LoginPending(InvalidRequest):
    """A login that hasn't ended yet; it doesn't count as failed."""


class InvalidCredentials(InvalidRequest):
    """A wrong proof; it counts towards the lockout of the account in it."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """The renewal allowed to a token of a method, in seconds; 0 takes the mount's default."""

    ttl_seconds: int = 0
    max_ttl_seconds: int = 0
    period_seconds: int = 0


@runtime_checkable
class Renews(Protocol):
    """A method that decides whether and for how long its tokens are renewed."""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """The renewal allowed to the token with ``metadata`` and ``policies``; raises a fault to refuse one."""


@runtime_checkable
class ChecksRenewals(Protocol):
    """A method that checks the caller of a renewal, beyond the token itself."""

    async def check_renewal(self, metadata: Mapping[str, str], call: Call) -> None:
        """Raises a fault if the caller of ``call`` may not renew a token with ``metadata``."""


@runtime_checkable
class KeepsGrants(Protocol):
    """A method that keeps a grant of its provider's with a token, by which the login can be asked for again."""

    async def login_again(self, grant: bytes, metadata: Mapping[str, str], call: Call) -> Login:
        """The login that the provider confirms now, with the grant to keep in place of ``grant``.

        Raises a fault to refuse the renewal of the token with ``metadata``.
        """

    async def end_grant(self, grant: bytes) -> bool:
        """End the grant of a token that has ended, at the provider; False to be asked again later."""


@runtime_checkable
class NamesAccount(Protocol):
    """The body of a login that names an account, so that guesses at one account can be stopped."""

    def named_account(self) -> str:
        """The name of the account, whether it exists or not; empty if none is named."""


class LocalIssuer(Protocol):
    """The issuer of this server's own JSON Web Tokens, asked without a request over the network."""

    async def verified(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a token signed by it. Raises ``auth_methods.jwt.keys.BadSignature``."""

    async def is_valid(self, token_id: object, address: str, now: float) -> bool:
        """Whether the token with this ``jti`` hasn't ended and may be shown from ``address``."""


@runtime_checkable
class TrustsServer(Protocol):
    """A method that can take this server's own JSON Web Tokens as proofs."""

    def trust(self, issuer: LocalIssuer) -> None:
        """Called once, before the first login."""


@runtime_checkable
class ResolvesRole(Protocol):
    """A method whose logins name a role, so that a quota may apply to one role."""

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """The role that a login at ``path``, below the mount, with these parameters names; ``""`` for none.

        It is called before any check, so it must be cheap, and its result proves nothing.
        """


def granted_seconds(
    wanted: int, *, max_seconds: int, age_seconds: float = 0, explicit_max_seconds: int = 0, period_seconds: int = 0
) -> tuple[int, str | None]:
    """The TTL that a token of this age gets, in seconds from now, and Vault's warning if it is less than ``wanted``.

    The mount's maximum counts from the token's creation, except for a periodic token, which may be renewed for ever;
    an explicit maximum always counts from creation. The result is 0 or less when none is left.
    """
    limit = max_seconds if period_seconds else round(max_seconds - age_seconds)
    if explicit_max_seconds:
        limit = min(limit, round(explicit_max_seconds - age_seconds))
    if wanted <= limit:
        return wanted, None
    what = "period" if period_seconds else "TTL"
    return limit, (
        f'{what} of "{format_duration(wanted)}" exceeded the effective max_ttl of "{format_duration(limit)}"; '
        f"{what} value is capped accordingly"
    )


def lesser(one: int, other: int) -> int:
    """The lesser of two limits, where 0 is none."""
    return min(one, other) if one and other else one or other
