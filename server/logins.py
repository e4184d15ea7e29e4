"""From an accepted proof to a token: the core's rules, whatever an auth method says."""

from __future__ import annotations

from auth_methods.base import Login
from auth_methods.records import TokenRecord
from auth_methods.ttl import granted_seconds
from engines.base import Call, Mount, Reply
from engines.faults import InvalidRequest
from server.tenants import Tenant

_ROOT_POLICY = "root"


async def issue(tenant: Tenant, mount: Mount, login: Login, call: Call) -> Reply:
    """Mint the token for ``login``, made by the auth method at ``mount``.

    Raises ``InvalidRequest`` for a type of token that the server doesn't have, or for the root policy, which no login
    may hand out.
    """
    if login.token_type not in ("default", "default-service", "service"):
        raise InvalidRequest(f"{login.token_type} tokens are not supported by this server yet")
    policies = {policy.strip().lower() for policy in login.policies} - {""}
    if _ROOT_POLICY in policies:
        raise InvalidRequest("auth methods cannot create root tokens")
    if not login.no_default_policy:
        policies.add("default")
    max_seconds = min(filter(None, (mount.max_lease_ttl_seconds, login.max_ttl_seconds)))
    granted, warning = granted_seconds(
        login.period_seconds or login.ttl_seconds or mount.default_lease_ttl_seconds,
        age_seconds=0,
        max_seconds=max_seconds,
        explicit_max_seconds=login.explicit_max_ttl_seconds,
        period_seconds=login.period_seconds,
    )
    if warning is not None:
        call.warn(warning)
    record = await tenant.tokens.mint(
        TokenRecord(
            policies=tuple(sorted(policies)),
            path=f"{mount.path}{call.path}",
            display_name=login.display_name,
            creation_time=call.now,
            metadata=dict(login.metadata) or None,
            num_uses=login.num_uses,
            ttl=granted,
            last_ttl=granted,
            explicit_max_ttl=login.explicit_max_ttl_seconds,
            period=login.period_seconds,
            renewable=login.renewable,
            bound_cidrs=login.bound_cidrs,
            expire_time=call.now + granted,
        )
    )
    return Reply(data=login.data, auth=record)
