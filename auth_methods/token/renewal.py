"""Renewal of tokens, within the limits of the token, its role and its mount."""

from __future__ import annotations

from msgspec.structs import replace

from auth_methods.base import Issued, lesser
from auth_methods.records import BATCH, TokenRecord
from auth_methods.token.authority import HeldToken, held
from auth_methods.token.lookup import AccessorBody, TokenBody, by_accessor
from auth_methods.token.state import TokenMethod
from engines.base import Call, Reply
from engines.faults import Failed, InvalidRequest
from engines.fields import Duration


class RenewBody(TokenBody):
    """A token to renew."""

    increment: Duration = 0

    tells = {
        "increment": "The requested lifetime from now, as a duration. Default: as at its creation.",
    }


class RenewAccessorBody(AccessorBody):
    """A token to renew, named by its accessor."""

    increment: Duration = 0

    tells = {
        "increment": "The requested lifetime from now, as a duration. Default: as at its creation.",
    }


async def renew(method: TokenMethod, call: Call, body: RenewBody) -> Reply:
    """Renew the named token."""
    if not body.token:
        raise InvalidRequest("missing token ID")
    token = await method.authority.lookup(body.token, call.now)
    if token is None:
        raise InvalidRequest("token not found")
    return await _renew(method, call, token, body.increment, with_id=True)


async def renew_self(method: TokenMethod, call: Call, body: RenewBody) -> Reply:
    """Renew the calling token."""
    return await _renew(method, call, held(call), body.increment, with_id=True)


async def renew_accessor(method: TokenMethod, call: Call, body: RenewAccessorBody) -> Reply:
    """Renew the token with this accessor; the answer doesn't show its id."""
    token = await by_accessor(method, call, body)
    if not token.record.renewable:
        raise InvalidRequest("invalid request", wrapped=True)
    return await _renew(method, call, token, body.increment, with_id=False)


async def _renew(method: TokenMethod, call: Call, token: HeldToken, increment: int, *, with_id: bool) -> Reply:
    record = token.record
    if record.type == BATCH:
        raise InvalidRequest("batch tokens cannot be renewed")
    if not record.leased:
        raise InvalidRequest("invalid lease ID")
    if not record.renewable or not record.expire_time:
        raise InvalidRequest("lease is not renewable")
    granted = await _granted(method, call, record, increment)
    if granted <= 0:
        raise Failed("past the max TTL, cannot renew")
    grant = await method.renewals.confirmed(record, call)
    renewed = await method.authority.renew(token.hash, granted, call.now, grant)
    if renewed is None:
        await method.renewals.end_grant(record, grant)
        raise InvalidRequest("token not found")
    return Issued(auth=renewed if with_id else replace(renewed, id=""))


async def _granted(method: TokenMethod, call: Call, record: TokenRecord, increment: int) -> int:
    """The remaining TTL that the token gets, in seconds."""
    renewal = await method.renewals.renewal(record, call)
    if renewal is not None:
        wanted = renewal.period_seconds or max(increment, 0) or renewal.ttl_seconds
        record = replace(record, period=renewal.period_seconds)
        return method.capped(wanted, record, call, renewal.max_ttl_seconds)
    period, explicit = record.period, record.explicit_max_ttl
    if record.role:
        role = await method.role(record.role)
        if role is None:
            text = f'original token role "{record.role}" could not be found, not renewing'
            raise Failed(f"failed to renew entry: {text}")
        period, explicit = role.period or period, lesser(explicit, role.explicit_max_ttl)
    record = replace(record, period=period, explicit_max_ttl=explicit)
    return method.capped(period or max(increment, 0) or record.last_ttl, record, call)
