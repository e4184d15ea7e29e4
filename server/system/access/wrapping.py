"""Response wrapping: wrapping sent data, and looking up, unwrapping and rewrapping answers."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from engines.base import Body, Call, Reply
from engines.durations import format_time
from engines.faults import Failed, InvalidRequest
from server.system.state import System
from server.tenants.tokens.store import token_of
from server.tenants.tokens.wrapping import INVALID, Content, Unwrapped, Wrapped, unwrapped

_NOT_TWICE = "error decrementing wrapping token's use-count: invalid token entry provided for use count decrementing"


class AnythingBody(Body):
    """The data to wrap: any parameters."""

    takes_anything: ClassVar[bool] = True


class TokenBody(Body):
    """A wrapping token; without it, the client's own."""

    token: str = ""

    tells = {
        "token": "The wrapping token. Default: the calling token.",
    }


async def wrap(system: System, call: Call, body: AnythingBody) -> Reply:
    """Return the sent data, for the core to wrap."""
    if not call.wrap_ttl_seconds:
        raise InvalidRequest("endpoint requires response wrapping to be used")
    return Reply(call.given)


async def look_up(system: System, call: Call, body: TokenBody) -> Reply:
    """Show when, by which path and for how long an answer was wrapped, without unwrapping it."""
    if body.token:
        token = await system.tenant.wrapping.find(body.token, call.now)
    else:
        token = None if call.caller is None else token_of(call.caller)
    if token is None:
        raise InvalidRequest(INVALID)
    record = await system.tenant.wrapping.record(token)
    ttl = record.creation_ttl
    return Reply(
        {
            "creation_path": record.creation_path,
            "creation_time": record.creation_time,
            "creation_ttl": int(ttl) if ttl == int(ttl) else ttl,
        }
    )


async def unwrap(system: System, call: Call, body: TokenBody) -> Unwrapped:
    """Return the wrapped answer, once."""
    return unwrapped(await _opened(system, call, body))


async def rewrap(system: System, call: Call, body: TokenBody) -> Wrapped:
    """Wrap an answer again, for its original TTL; the old token becomes invalid."""
    content = await _opened(system, call, body)
    record = replace(content.record, creation_time=format_time(call.now))
    return await system.tenant.wrapping.wrap(content.envelope, record, call.now)


async def _opened(system: System, call: Call, body: TokenBody) -> Content:
    """The contents of the wrapping token, whose one use is counted here, or already was if it is the client's own."""
    assert call.caller is not None, "these routes need a token"
    own = token_of(call.caller)
    wrapping, tokens = system.tenant.wrapping, system.tenant.tokens
    if not body.token:
        return await wrapping.content(own)  # The core removes it after its last use.
    token = await wrapping.find(body.token, call.now)
    if token is None:
        raise InvalidRequest(INVALID)
    if token.hash == own.hash:
        raise Failed(_NOT_TWICE)
    try:
        used = await tokens.use(token)
    except LookupError:
        raise InvalidRequest(INVALID) from None
    try:
        return await wrapping.content(used)
    finally:
        await tokens.revoke(token.hash)
