"""Look-up of tokens, and the list of their accessors."""

from __future__ import annotations

from typing import Any

from auth_methods.records import BATCH
from auth_methods.token.authority import HeldToken, held
from auth_methods.token.state import TokenMethod
from engines.base import Body, Call, Nothing, Reply
from engines.durations import format_time
from engines.faults import Denied, InvalidRequest


class TokenBody(Body):
    """A token, named by its id."""

    token: str = ""

    tells = {
        "token": "The token.",
    }


class AccessorBody(Body):
    """A token, named by its accessor."""

    accessor: str = ""

    tells = {
        "accessor": "The accessor of a token.",
    }


async def lookup(method: TokenMethod, call: Call, body: TokenBody) -> Reply:
    """Show the named token, or the calling one."""
    if not body.token:
        return Reply(await _shown(method, held(call), call.now))
    token = await method.authority.lookup(body.token, call.now)
    if token is None:
        raise Denied("bad token", wrapped=False)
    return Reply(await _shown(method, token, call.now))


async def lookup_self(method: TokenMethod, call: Call, body: TokenBody) -> Reply:
    """Show the calling token, whatever is named."""
    return Reply(await _shown(method, held(call), call.now))


async def lookup_accessor(method: TokenMethod, call: Call, body: AccessorBody) -> Reply:
    """Show the token with this accessor, without its id."""
    token = await by_accessor(method, call, body)
    return Reply(await _shown(method, token, call.now) | {"id": ""})


async def list_accessors(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """List the accessors of all tokens."""
    return Reply({"keys": await method.authority.accessors(call.now)})


async def by_accessor(method: TokenMethod, call: Call, body: AccessorBody) -> HeldToken:
    """The named token. Raises ``InvalidRequest`` if there is none."""
    if not body.accessor:
        raise InvalidRequest("missing accessor", wrapped=True)
    token = await method.authority.by_accessor(body.accessor, call.now)
    if token is None:
        raise InvalidRequest("invalid accessor", wrapped=True)
    return token


async def _shown(method: TokenMethod, token: HeldToken, now: float) -> dict[str, Any]:
    record = token.record
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
        "type": record.type,
    }
    if token.namespace_path:
        data["namespace_path"] = token.namespace_path
    if record.leased:
        data["issue_time"] = format_time(record.creation_time)
        data["renewable"] = record.renewable
    if record.period:
        data["period"] = record.period
    if record.role and record.type != BATCH:
        data["role"] = record.role
    if record.last_renewal:
        data["last_renewal"] = format_time(record.last_renewal)
        data["last_renewal_time"] = int(record.last_renewal)
    if record.entity_id and (added := await method.callers.policies(record.entity_id)):
        data["identity_policies"] = list(added)
        data["external_namespace_policies"] = {}
    if record.bound_cidrs:
        data["bound_cidrs"] = list(record.bound_cidrs)
    return data
