"""The token method, built in at ``auth/token/``: tokens that make, show, renew and revoke tokens.

The rules of what a token may hand on are here; minting, using and removing is the token store's, which is handed in as
a ``TokenAuthority``. Service tokens only, so far: batch tokens and token roles are refused in plain words.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Protocol

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.base import Renewal
from auth_methods.records import TokenRecord
from auth_methods.ttl import granted_seconds
from engines.base import Access, Body, Call, Mount, Nothing, Operation, Reply, Route
from engines.durations import format_time
from engines.faults import Denied, InvalidRequest
from engines.fields import BareDuration, Duration, KeyValues

_NOT_IN_DISPLAY_NAMES = re.compile(r"[^a-zA-Z0-9-]")
_CUSTOM_ID_WARNING = (
    "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for "
    "token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups."
)
_UNASSIGNABLE = "response-wrapping"


class HeldToken(Protocol):
    """A token as the store hands it out."""

    record: TokenRecord
    hash: str


class TokenAuthority(Protocol):
    """What the token store offers to this method. ``now`` is in seconds since the epoch."""

    async def lookup(self, token_id: str, now: float) -> HeldToken | None: ...

    async def by_accessor(self, accessor: str, now: float) -> HeldToken | None: ...

    async def accessors(self) -> list[str]: ...

    async def mint(self, record: TokenRecord) -> TokenRecord: ...

    async def renew(self, hashed: str, granted_seconds: int, now: float) -> TokenRecord | None: ...

    async def revoke(self, hashed: str) -> bool: ...

    async def revoke_orphaning(self, hashed: str) -> bool: ...

    async def knows_policy(self, name: str) -> bool: ...


class RenewalAuthority(Protocol):
    """Asks the auth method that a token comes from what it may still have."""

    async def renewal(self, record: TokenRecord) -> Renewal | None:
        """With all defaults filled in; None where no method has a say. Raises a fault to refuse."""


class CreateBody(Body):
    """Of ``auth/token/create`` and ``create-orphan``."""

    id: str = ""
    policies: list[str] = []
    meta: KeyValues | UnsetType = UNSET
    no_parent: bool = False
    no_default_policy: bool = False
    renewable: bool = True
    lease: BareDuration = 0
    ttl: BareDuration = 0
    type: str = ""
    explicit_max_ttl: BareDuration = 0
    display_name: str = ""
    num_uses: int = 0
    period: BareDuration = 0
    entity_alias: str = ""


class TokenBody(Body):
    """Names a token by its id."""

    token: str = ""


class AccessorBody(Body):
    """Names a token by its accessor."""

    accessor: str = ""


class RenewBody(TokenBody):
    """Renews a token."""

    increment: Duration = 0


class RenewAccessorBody(AccessorBody):
    """Renews a token by its accessor."""

    increment: Duration = 0


async def create(method: TokenMethod, call: Call, body: CreateBody) -> Reply:
    """Make a child of the calling token, or an orphan."""
    return await _create(method, call, body, orphan=False)


async def create_orphan(method: TokenMethod, call: Call, body: CreateBody) -> Reply:
    """Make a token without a parent; the right to call this path is the right to do so."""
    return await _create(method, call, body, orphan=True)


async def _create(method: TokenMethod, call: Call, body: CreateBody, *, orphan: bool) -> Reply:
    caller = _held(call)
    parent = caller.record
    _check_creation(body, parent, call, orphan=orphan)
    policies = _policies(body, parent, sudo=call.sudo)
    record = TokenRecord(
        id=body.id,
        policies=policies,
        path="auth/token/create-orphan" if orphan else "auth/token/create",
        display_name=_display_name(body.display_name),
        creation_time=call.now,
        parent="" if orphan or body.no_parent else caller.hash,
        metadata=body.meta or None if body.meta is not UNSET else None,
        num_uses=body.num_uses,
    )
    record = method.with_ttl(record, body, call)
    if body.id:
        call.warn(_CUSTOM_ID_WARNING)
    for name in policies:
        if not await method.authority.knows_policy(name):
            call.warn(f'Policy "{name}" does not exist')
    minted = await method.authority.mint(record)
    return Reply(auth=minted)


def _check_creation(body: CreateBody, parent: TokenRecord, call: Call, *, orphan: bool) -> None:
    if parent.num_uses != 0:
        raise InvalidRequest("restricted use token cannot generate child tokens")
    if body.num_uses < 0:
        raise InvalidRequest("number of uses cannot be negative")
    if body.entity_alias:
        raise InvalidRequest("'entity_alias' is only allowed in combination with token role")
    if body.type == "batch":
        raise InvalidRequest("batch tokens are not supported by this server yet")
    if body.type not in ("", "service"):
        raise InvalidRequest("invalid 'token_type' value")
    if body.id:
        if not call.sudo:
            raise InvalidRequest("root or sudo privileges required to specify token id")
        if body.id.startswith("s."):
            raise InvalidRequest("custom token ID cannot have the 's.' prefix")
        if "." in body.id:
            raise InvalidRequest("custom token ID cannot have a '.' in the value")
    for name, seconds in (("explicit_max_ttl", body.explicit_max_ttl), ("period", body.period)):
        if seconds < 0:
            raise InvalidRequest(f"{name} must be positive")
    if body.ttl < 0 or body.lease < 0:
        raise InvalidRequest("ttl must be positive")
    if body.no_parent and not orphan and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to create orphan token")
    if body.period and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to create periodic token")


def _policies(body: CreateBody, parent: TokenRecord, *, sudo: bool) -> tuple[str, ...]:
    asked = {name.strip().lower() for name in body.policies} - {""}
    if _UNASSIGNABLE in asked:
        raise InvalidRequest(f'cannot assign policy "{_UNASSIGNABLE}"')
    policies = asked if body.policies else set(parent.policies)
    if asked and not sudo and not asked <= {*parent.policies, "default"}:
        raise InvalidRequest("child policies must be subset of parent")
    if "root" in policies:
        if not parent.is_root:
            raise InvalidRequest("root tokens may not be created without parent token being root")
        return ("root",)
    if body.no_default_policy:
        policies.discard("default")
    elif body.policies or "default" in parent.policies:
        policies.add("default")
    return tuple(sorted(policies))


def _display_name(given: str) -> str:
    if not given:
        return "token"
    return _NOT_IN_DISPLAY_NAMES.sub("-", f"token-{given}").removesuffix("-")


async def lookup(method: TokenMethod, call: Call, body: TokenBody) -> Reply:
    """Show the token that is named, or one's own."""
    if not body.token:
        return Reply(_shown(_held(call).record, call.now))
    token = await method.authority.lookup(body.token, call.now)
    if token is None:
        raise Denied("bad token", wrapped=False)
    return Reply(_shown(token.record, call.now))


async def lookup_self(method: TokenMethod, call: Call, body: TokenBody) -> Reply:
    """Show the calling token, whichever is named."""
    return Reply(_shown(_held(call).record, call.now))


async def lookup_accessor(method: TokenMethod, call: Call, body: AccessorBody) -> Reply:
    """Show the token with this accessor, without its id."""
    token = await _by_accessor(method, call, body)
    return Reply(_shown(token.record, call.now) | {"id": ""})


async def list_accessors(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """List the accessors of all tokens."""
    return Reply({"keys": await method.authority.accessors()})


async def renew(method: TokenMethod, call: Call, body: RenewBody) -> Reply:
    """Renew the token that is named."""
    if not body.token:
        raise InvalidRequest("missing token ID")
    token = await method.authority.lookup(body.token, call.now)
    if token is None:
        raise InvalidRequest("token not found")
    return await _renew(method, call, token, body.increment, with_id=True)


async def renew_self(method: TokenMethod, call: Call, body: RenewBody) -> Reply:
    """Renew the calling token."""
    return await _renew(method, call, _held(call), body.increment, with_id=True)


async def renew_accessor(method: TokenMethod, call: Call, body: RenewAccessorBody) -> Reply:
    """Renew the token with this accessor; the answer doesn't show its id."""
    token = await _by_accessor(method, call, body)
    if not token.record.renewable:
        raise InvalidRequest("invalid request", wrapped=True)
    return await _renew(method, call, token, body.increment, with_id=False)


async def _renew(method: TokenMethod, call: Call, token: HeldToken, increment: int, *, with_id: bool) -> Reply:
    record = token.record
    if not record.renewable or not record.expire_time:
        raise InvalidRequest("lease is not renewable")
    renewal = await method.renewals.renewal(record)
    if renewal is None:
        granted = method.capped(record.period or max(increment, 0) or record.last_ttl, record, call)
    else:
        wanted = renewal.period_seconds or max(increment, 0) or renewal.ttl_seconds
        record = replace(record, period=renewal.period_seconds)
        granted = method.capped(wanted, record, call, renewal.max_ttl_seconds)
    if granted <= 0:
        raise InvalidRequest("past the max TTL, cannot renew")
    renewed = await method.authority.renew(token.hash, granted, call.now)
    if renewed is None:
        raise InvalidRequest("token not found")
    return Reply(auth=renewed if with_id else replace(renewed, id=""))


async def revoke(method: TokenMethod, call: Call, body: TokenBody) -> None:
    """Revoke the token that is named, with its descendants; it is no error if it isn't there."""
    if not body.token:
        raise InvalidRequest("missing token ID")
    token = await method.authority.lookup(body.token, call.now)
    if token is not None:
        await method.authority.revoke(token.hash)


async def revoke_self(method: TokenMethod, call: Call, body: Nothing) -> None:
    """Revoke the calling token, with its descendants."""
    await method.authority.revoke(_held(call).hash)


async def revoke_accessor(method: TokenMethod, call: Call, body: AccessorBody) -> Reply | None:
    """Revoke the token with this accessor, with its descendants."""
    if not body.accessor:
        raise InvalidRequest("missing accessor", wrapped=True)
    token = await method.authority.by_accessor(body.accessor, call.now)
    if token is None:
        call.warn("No token found with this accessor")
        return Reply()
    await method.authority.revoke(token.hash)
    return None


async def revoke_orphan(method: TokenMethod, call: Call, body: TokenBody) -> None:
    """Revoke one token and leave its children as orphans."""
    if not body.token:
        raise InvalidRequest("missing token ID")
    if not call.sudo:
        raise InvalidRequest("root or sudo privileges required to revoke and orphan")
    token = await method.authority.lookup(body.token, call.now)
    if token is None:
        raise InvalidRequest("token to revoke not found")
    await method.authority.revoke_orphaning(token.hash)


async def _by_accessor(method: TokenMethod, call: Call, body: AccessorBody) -> HeldToken:
    if not body.accessor:
        raise InvalidRequest("missing accessor", wrapped=True)
    token = await method.authority.by_accessor(body.accessor, call.now)
    if token is None:
        raise InvalidRequest("invalid accessor", wrapped=True)
    return token


def _held(call: Call) -> HeldToken:
    assert call.caller is not None, "routes of this method need a token"
    return call.caller.handle  # type: ignore[return-value]


def _shown(record: TokenRecord, now: float) -> dict[str, Any]:
    data: dict[str, Any] = {
        "accessor": record.accessor,
        "creation_time": int(record.creation_time),
        "creation_ttl": record.ttl,
        "display_name": record.display_name,
        "entity_id": record.entity_id,
        "expire_time": format_time(record.expire_time) if record.expire_time else None,
        "explicit_max_ttl": record.explicit_max_ttl,
        "id": record.id,
        "meta": record.metadata,
        "num_uses": record.num_uses,
        "orphan": not record.parent,
        "path": record.path,
        "policies": list(record.policies),
        "ttl": max(int(record.expire_time - now), 0) if record.expire_time else 0,
        "type": "service",
    }
    if record.leased:
        data["issue_time"] = format_time(record.creation_time)
        data["renewable"] = record.renewable
    if record.period:
        data["period"] = record.period
    if record.last_renewal:
        data["last_renewal"] = format_time(record.last_renewal)
        data["last_renewal_time"] = int(record.last_renewal)
    if record.bound_cidrs:
        data["bound_cidrs"] = list(record.bound_cidrs)
    return data


class TokenMethod:
    """Tokens by tokens. Constructed by the core, which hands in the store."""

    type: ClassVar[str] = "token"
    summary: ClassVar[str] = "Tokens that make, show, renew and revoke tokens"

    def __init__(self, mount: Mount, authority: TokenAuthority, renewals: RenewalAuthority) -> None:
        self.mount = mount
        self.authority = authority
        self.renewals = renewals

    def with_ttl(self, record: TokenRecord, body: CreateBody, call: Call) -> TokenRecord:
        """``record`` with the TTLs that ``body`` asks for, as far as the mount and the system allow."""
        asked = body.ttl or body.lease
        record = replace(record, explicit_max_ttl=body.explicit_max_ttl, period=body.period)
        if record.is_root and not asked and not body.period:
            return record
        wanted = body.period or asked or self.mount.default_lease_ttl_seconds
        granted = self.capped(wanted, record, call)
        return replace(record, ttl=granted, last_ttl=granted, expire_time=call.now + granted, renewable=body.renewable)

    def capped(self, wanted: int, record: TokenRecord, call: Call, max_seconds: int = 0) -> int:
        """The seconds that ``record`` gets if it wants ``wanted``, with a warning if that is less.

        ``max_seconds`` is the longest life that the mount allows which the token comes from; 0 for this mount's own.
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

    routes: ClassVar[tuple[Route, ...]] = (
        Route(Operation.UPDATE, "create", create, CreateBody, "Make a child of the calling token."),
        Route(Operation.UPDATE, "create-orphan", create_orphan, CreateBody, "Make a token without a parent."),
        Route(Operation.READ, "lookup", lookup, TokenBody, "Show a token.", writes=False),
        Route(Operation.UPDATE, "lookup", lookup, TokenBody, "Show a token.", writes=False),
        Route(Operation.READ, "lookup-self", lookup_self, TokenBody, "Show the calling token.", writes=False),
        Route(Operation.UPDATE, "lookup-self", lookup_self, TokenBody, "Show the calling token.", writes=False),
        Route(
            Operation.UPDATE,
            "lookup-accessor",
            lookup_accessor,
            AccessorBody,
            "Show the token with an accessor, without its id.",
            writes=False,
        ),
        Route(
            Operation.LIST,
            "accessors",
            list_accessors,
            Nothing,
            "List the accessors of all tokens.",
            access=Access.SUDO,
            writes=False,
        ),
        Route(Operation.UPDATE, "renew", renew, RenewBody, "Renew a token."),
        Route(Operation.UPDATE, "renew-self", renew_self, RenewBody, "Renew the calling token."),
        Route(
            Operation.UPDATE, "renew-accessor", renew_accessor, RenewAccessorBody, "Renew the token with an accessor."
        ),
        Route(Operation.UPDATE, "revoke", revoke, TokenBody, "Revoke a token and all that descend from it."),
        Route(Operation.UPDATE, "revoke-self", revoke_self, Nothing, "Revoke the calling token and its descendants."),
        Route(
            Operation.UPDATE,
            "revoke-accessor",
            revoke_accessor,
            AccessorBody,
            "Revoke the token with an accessor, and its descendants.",
        ),
        Route(
            Operation.UPDATE, "revoke-orphan", revoke_orphan, TokenBody, "Revoke a token and make its children orphans."
        ),
    )
