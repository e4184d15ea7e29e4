"""Revocation of tokens, with or without their descendants, and removal of stray entries."""

from __future__ import annotations

from auth_methods.records import BATCH
from auth_methods.token.authority import HeldToken, held
from auth_methods.token.lookup import AccessorBody, TokenBody
from auth_methods.token.state import TokenMethod
from engines.base import Call, Nothing, Reply
from engines.faults import InvalidRequest

TIDYING = (
    "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's server logs."
)
TIDYING_ALREADY = "Tidy operation already in progress."


async def revoke(method: TokenMethod, call: Call, body: TokenBody) -> None:
    """Revoke the named token with its descendants; no error if there is none."""
    token = await _named(method, call, body)
    if token is not None:
        await method.authority.revoke(_revocable(token).hash)


async def revoke_self(method: TokenMethod, call: Call, body: Nothing) -> None:
    """Revoke the calling token, with its descendants."""
    await method.authority.revoke(_revocable(held(call)).hash)


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
    if body.token and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to revoke and orphan")
    token = await _named(method, call, body)
    if token is None:
        raise InvalidRequest("token to revoke not found")
    await method.authority.revoke_orphaning(_revocable(token).hash)


async def tidy(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """Look for entries that belong to no token, and remove them, in the background."""
    if not method.authority.tidy():
        call.warn(TIDYING_ALREADY)
        return Reply()
    call.warn(TIDYING)
    return Reply(status=202)


async def _named(method: TokenMethod, call: Call, body: TokenBody) -> HeldToken | None:
    if not body.token:
        raise InvalidRequest("missing token ID")
    return await method.authority.lookup(body.token, call.now)


def _revocable(token: HeldToken) -> HeldToken:
    if token.record.type == BATCH:
        raise InvalidRequest("batch tokens cannot be revoked")
    return token
