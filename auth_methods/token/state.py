"""State of the token method: its roles, and the core's interfaces to tokens."""

from __future__ import annotations

from auth_methods.base import granted_seconds
from auth_methods.records import TokenRecord
from auth_methods.token.authority import CallerAuthority, RenewalAuthority, TokenAuthority
from auth_methods.token.jwt_issuer import JwtIssuer
from auth_methods.token.records import ROLES, Role, decode_role
from engines.base import Call, Mount


class TokenMethod:
    """The token method of one namespace, opened by the core with its token store."""

    def __init__(
        self,
        mount: Mount,
        authority: TokenAuthority,
        renewals: RenewalAuthority,
        callers: CallerAuthority,
        issuer: JwtIssuer,
    ) -> None:
        self.mount = mount
        self.gate = mount.gate
        self.place = mount.place
        self.authority = authority
        self.renewals = renewals
        self.callers = callers
        self.issuer = issuer

    async def tick(self, now: float) -> None:
        """Rotate the keys of JSON Web Tokens when due."""
        await self.issuer.tick(now)

    async def role(self, name: str) -> Role | None:
        """The role of this name, or None."""
        return await self.mount.storage.load(ROLES + name, decode_role)

    def capped(self, wanted: int, record: TokenRecord, call: Call, max_seconds: int = 0) -> int:
        """The seconds that ``record`` gets for ``wanted``, with a warning if that is less.

        ``max_seconds`` is the maximum of the mount that the token comes from; 0 for this mount's own.
        """
        granted, warning = granted_seconds(
            wanted,
            age_seconds=call.now - record.creation_time,
            max_seconds=max_seconds or self.mount.max_lease_ttl_seconds,
            explicit_max_seconds=record.explicit_max_ttl,
            period_seconds=record.period,
        )
        if warning is not None:
            call.warn(warning)
        return granted
