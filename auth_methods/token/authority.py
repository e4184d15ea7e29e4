"""Interfaces that the core gives to the token method: the token store, renewals and entities."""

from __future__ import annotations

from typing import Protocol

from auth_methods.base import Renewal
from auth_methods.records import TokenRecord
from engines.base import Call


class HeldToken:
    """A token as the store hands it out. The store's class derives from it, so that ``held`` can check it."""

    __slots__ = ()

    record: TokenRecord
    hash: str

    @property
    def namespace_id(self) -> str:
        """The id of its namespace."""
        raise NotImplementedError

    @property
    def namespace_path(self) -> str:
        """The path of its namespace; ``""`` for the root namespace, else it ends in ``/``."""
        raise NotImplementedError


class TokenAuthority(Protocol):
    """The token store, as this method uses it. ``now`` is in seconds since the epoch."""

    @property
    def namespace_path(self) -> str:
        """The path of the tokens' namespace."""

    async def lookup(self, token_id: str, now: float) -> HeldToken | None: ...

    async def by_accessor(self, accessor: str, now: float) -> HeldToken | None: ...

    async def accessors(self, now: float) -> list[str]: ...

    async def mint(self, record: TokenRecord) -> TokenRecord: ...

    async def renew(self, hashed: str, granted: int, now: float, grant: bytes) -> TokenRecord | None: ...

    async def revoke(self, hashed: str) -> bool: ...

    async def revoke_orphaning(self, hashed: str) -> bool: ...

    async def knows_policy(self, name: str) -> bool: ...

    def tidy(self) -> bool: ...


class RenewalAuthority(Protocol):
    """Asks a token's auth method for the renewal that it allows."""

    async def renewal(self, record: TokenRecord, call: Call) -> Renewal | None:
        """With all defaults filled in; None if no method decides. Raises a fault to refuse."""

    async def confirmed(self, record: TokenRecord, call: Call) -> bytes:
        """The grant to keep with the token, once its provider has confirmed the login. Raises a fault to refuse."""

    async def end_grant(self, record: TokenRecord, grant: bytes) -> None:
        """End a grant that can't be kept with the token, which is gone."""


class CallerAuthority(Protocol):
    """Looks up the entity of a token."""

    async def entity_called(self, alias: str, now: float) -> str:
        """The id of the entity with this alias at the token method, created if absent; ``Denied`` if disabled."""

    async def policies(self, entity_id: str) -> tuple[str, ...]:
        """The policies that an entity adds to its tokens; none if there is no such entity."""


def held(call: Call) -> HeldToken:
    """The calling token."""
    assert call.caller is not None, "routes of this method need a token"
    token = call.caller.handle
    assert isinstance(token, HeldToken), "the handle of a caller is a token of the store"
    return token
