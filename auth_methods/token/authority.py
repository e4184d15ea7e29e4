"""What the token method is given by the core: the token store, and a way to ask where a token comes from."""

from __future__ import annotations

from typing import Protocol

from auth_methods.base import Renewal
from auth_methods.records import TokenRecord
from engines.base import Call


class HeldToken:
    """A token as the store hands it out. The store's own class is made from this one, so that ``held`` knows it."""

    __slots__ = ()

    record: TokenRecord
    hash: str

    @property
    def namespace_id(self) -> str:
        """The id of the namespace that it belongs to."""
        raise NotImplementedError

    @property
    def namespace_path(self) -> str:
        """The path of that namespace; ``""`` for the root namespace, else it ends in ``/``."""
        raise NotImplementedError


class TokenAuthority(Protocol):
    """What the token store offers to this method. ``now`` is in seconds since the epoch."""

    @property
    def namespace_path(self) -> str:
        """The path of the namespace whose tokens these are."""

    async def lookup(self, token_id: str, now: float) -> HeldToken | None: ...

    async def by_accessor(self, accessor: str, now: float) -> HeldToken | None: ...

    async def accessors(self, now: float) -> list[str]: ...

    async def mint(self, record: TokenRecord) -> TokenRecord: ...

    async def renew(self, hashed: str, granted: int, now: float) -> TokenRecord | None: ...

    async def revoke(self, hashed: str) -> bool: ...

    async def revoke_orphaning(self, hashed: str) -> bool: ...

    async def knows_policy(self, name: str) -> bool: ...

    def tidy(self) -> bool: ...


class RenewalAuthority(Protocol):
    """Asks the auth method that a token comes from what it may still have."""

    async def renewal(self, record: TokenRecord, call: Call) -> Renewal | None:
        """With all defaults filled in; None where no method has a say. Raises a fault to refuse."""


class CallerAuthority(Protocol):
    """Knows who is behind a token."""

    async def entity_called(self, alias: str, now: float) -> str:
        """The id of the entity with this alias at the token method, made if there is none; ``Denied`` if disabled."""

    async def policies(self, entity_id: str) -> tuple[str, ...]:
        """What an entity adds to the policies of its tokens; nothing if there is no such entity."""


def held(call: Call) -> HeldToken:
    """The calling token."""
    assert call.caller is not None, "routes of this method need a token"
    token = call.caller.handle
    assert isinstance(token, HeldToken), "the handle of a caller is a token of the store"
    return token
