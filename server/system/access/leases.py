"""Leases: reading, renewing and revoking them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from auth_methods.token.revocation import TIDYING, TIDYING_ALREADY
from engines.base import Body, Call, Nothing, Raw, Reply
from engines.durations import format_time
from engines.faults import Failed, InvalidRequest, NotFound
from engines.fields import Duration, NamesPath
from server.system.state import System
from server.tenants.tokens.store import Token

_IRREVOCABLE = "irrevocable"
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class LeaseBody(Body):
    """A lease, named in the body or in the path."""

    other_names: ClassVar[Mapping[str, str]] = {"url_lease_id": "lease_id"}

    path_only: ClassVar[frozenset[str]] = frozenset({"url_lease_id"})

    lease_id: str = ""
    url_lease_id: str = ""
    sync: bool | UnsetType = UNSET

    tells = {
        "lease_id": "The lease: its path and its hash.",
        "url_lease_id": "The same, in the path.",
        "sync": "Accepted and ignored: the answer always comes after the revocation.",
    }


class RenewBody(LeaseBody):
    """A lease to renew."""

    increment: Duration = 0

    tells = {
        "increment": "The requested lifetime from now, as a duration. Default: as at its creation.",
    }


class PrefixBody(Body):
    """A path and all below it."""

    path_only: ClassVar[frozenset[str]] = frozenset({"prefix"})

    prefix: NamesPath = ""
    sync: bool | UnsetType = UNSET

    tells = {
        "prefix": "A prefix of lease paths.",
        "sync": "Accepted and ignored: the answer always comes after the revocation.",
    }


class CountBody(Body):
    """The leases to count or list."""

    type: str = ""
    include_child_namespaces: bool = False

    tells = {
        "type": "The type of leases: `irrevocable`, of which there are none.",
        "include_child_namespaces": "Count those of the namespaces below too.",
    }


class ListBody(CountBody):
    """The leases to list, and the number of them."""

    limit: str = ""

    tells = {
        "limit": "The most leases to list; `none` for all.",
    }


async def look_up(system: System, call: Call, body: LeaseBody) -> Reply:
    """Show a lease."""
    lease_id = _id(body)
    token = await system.tenant.leases.find(lease_id, call.now)
    if token is None:
        raise InvalidRequest("invalid lease")
    return Reply(_shown(lease_id, token, call.now))


async def list_leases(system: System, call: Call, body: PrefixBody) -> Reply:
    """List the leases below a path."""
    return Reply({"keys": await system.tenant.leases.names(body.prefix)})


async def renew(system: System, call: Call, body: RenewBody) -> Reply:
    """Refuse: only tokens can be renewed, by the paths of tokens."""
    token = await system.tenant.leases.find(_id(body), call.now)
    if token is None:
        raise InvalidRequest("lease not found")
    if not token.record.renewable:
        raise InvalidRequest("lease is not renewable")
    raise InvalidRequest("tokens cannot be renewed through this endpoint")


async def revoke(system: System, call: Call, body: LeaseBody) -> Reply | None:
    """Revoke a lease; no error if there is none."""
    await system.tenant.leases.revoke(_id(body), call.now)
    return _revoked(body.sync)


async def revoke_prefix(system: System, call: Call, body: PrefixBody) -> Reply | None:
    """Revoke all leases below a path."""
    await system.tenant.leases.revoke_prefix(body.prefix)
    return _revoked(body.sync)


def _revoked(sync: bool | UnsetType) -> Reply | None:
    """The answer for ``sync`` (the default) or without it, which is 202 though the revocation is done already."""
    return Reply(status=202, raw=Raw("application/json", b"")) if sync is False else None


async def revoke_force(system: System, call: Call, body: PrefixBody) -> None:
    """Revoke all leases below a path, as ``revoke_prefix``: revocation can't fail for single leases here."""
    await system.tenant.leases.revoke_prefix(body.prefix)


async def tidy(system: System, call: Call, body: Nothing) -> Reply:
    """Remove entries that belong to no lease."""
    if not system.tenant.tokens.tidy():
        call.warn(TIDYING_ALREADY)
        return Reply()
    call.warn(TIDYING)
    return Reply(status=202)


async def count(system: System, call: Call, body: CountBody) -> Reply:
    """Count irrevocable leases, of which there are none: revocation doesn't depend on other systems."""
    if body.type != _IRREVOCABLE:
        raise NotFound
    return Reply({"lease_count": 0, "counts": {}})


async def list_irrevocable(system: System, call: Call, body: ListBody) -> Reply:
    """List irrevocable leases; see ``count``."""
    if body.type != _IRREVOCABLE:
        raise NotFound
    if body.limit not in ("", "none") and not _INTEGER.fullmatch(body.limit):
        raise Failed(f"invalid 'limit' provided: strconv.Atoi: parsing \"{body.limit}\": invalid syntax")
    return Reply({"lease_count": 0, "leases": []})


def _id(body: LeaseBody) -> str:
    lease_id = body.lease_id or body.url_lease_id
    if not lease_id:
        raise InvalidRequest("lease_id must be specified")
    return lease_id


def _shown(lease_id: str, token: Token, now: float) -> dict[str, Any]:
    record = token.record
    return {
        **({"namespace_path": token.namespace_path} if token.namespace_path else {}),
        "expire_time": format_time(record.expire_time) if record.expire_time else None,
        "id": lease_id,
        "issue_time": format_time(record.creation_time),
        "last_renewal": format_time(record.last_renewal) if record.last_renewal else None,
        "path": record.path,
        "renewable": record.renewable,
        "ttl": max(int(record.expire_time - now), 0) if record.expire_time else 0,
    }
