"""Login: limits before the proof, and the core's rules for the token, the same for all auth methods.

1  an address with too many failures has to wait     (``server.tenants.limits.login_limits``)
2  an account with too many failures is locked       (``server.tenants.limits.lockouts``)
3  the method checks the proof
4  failures are counted; a lock set meanwhile holds
5  the entity of the login is found or created
6  the token is minted; a grant of the provider that no token keeps is ended there
"""

from __future__ import annotations

import logging
from typing import Any

from auth_methods.base import (
    CountedReply,
    InvalidCredentials,
    Issued,
    Login,
    LoginPending,
    NamesAccount,
    granted_seconds,
)
from auth_methods.records import BATCH, SERVICE, TokenRecord
from engines.base import Body, Call, Mount, Reply, Row
from engines.faults import Denied, InvalidRequest, RateLimited, Unavailable
from server.core.ended_grants import enter_grant
from server.core.mounting import mount_of
from server.core.runtime import Runtime
from server.runtime.log_limits import LimitedLog
from server.tenants.identity.logins import entity_at_login
from server.tenants.mounts.table import AUTH, LockoutConfig, Mounted
from server.tenants.policies.builtin import RESPONSE_WRAPPING, UNASSIGNABLE_TEXT
from server.tenants.tenant import Tenant

_log = logging.getLogger(__name__)
_limited = LimitedLog(_log)
_lockouts = LimitedLog(_log)

_ROOT_POLICY = "root"
_MAX_ALIAS_CHARACTERS = 1024


async def log_in(
    runtime: Runtime, tenant: Tenant, mounted: Mounted, route: Row[Any], call: Call, body: Body
) -> Reply | None:
    """Serve a public ``route`` of the auth method at ``mounted``; a ``Login`` becomes a token.

    Raises what the handler raises, ``RateLimited`` for an address that has to wait, and ``Denied`` for a locked
    account.
    """
    wait_seconds = runtime.login_limits.begin(call.remote_address, call.now)
    if wait_seconds:
        _limited.warning(
            "logins are refused: too many have failed from one address",
            mount=tenant.namespace.path + mounted.entry.path,
            address=call.remote_address,
            request=call.request_id,
            wait_seconds=wait_seconds,
        )
        raise RateLimited("too many failed logins from this address", retry_after_seconds=wait_seconds)
    failed = False
    try:
        reply = await _prove(tenant, mounted, route, call, body)
        failed = isinstance(reply, CountedReply)
    except (InvalidRequest, Denied, Unavailable) as error:
        # Unavailable too: a provider that doesn't answer must not be asked without limit.
        failed = not isinstance(error, LoginPending)
        raise
    finally:
        runtime.login_limits.end(call.remote_address, call.now, failed=failed)
    if not isinstance(reply, Login):
        return reply
    reply.token_type = _token_type(mounted.entry.config.token_type, reply.token_type)
    kept = False
    try:
        issued = await issue(tenant, mount_of(runtime, tenant, mounted.entry), mounted.entry.type, reply, call)
        kept = reply.token_type != BATCH
    finally:
        if reply.grant and not kept:
            await enter_grant(tenant, f"{mounted.entry.path}{call.path}", reply.grant)
    return issued


async def _prove(tenant: Tenant, mounted: Mounted, route: Row[Any], call: Call, body: Body) -> Reply | None:
    """The handler's reply, unless the account is locked; wrong proofs are counted, a correct one resets the count."""
    accessor, config = mounted.entry.accessor, mounted.entry.config.user_lockout or LockoutConfig()
    alias = _alias(body) if not config.disable else ""
    await _refuse_locked(tenant, accessor, alias, call)
    try:
        reply = await route.handler(mounted.engine, call, body)
    except InvalidCredentials:
        if alias and await tenant.lockouts.failed(accessor, alias, config, call.now):
            # Without the name: people enter passwords as names.
            _lockouts.warning(
                "an account is locked after too many wrong proofs; sys/locked-users names it",
                mount=tenant.namespace.path + mounted.entry.path,
                address=call.remote_address,
                request=call.request_id,
            )
        elif alias:
            # Of concurrent proofs that end after the lock, correct ones are refused too.
            await _refuse_locked(tenant, accessor, alias, call)
        raise
    await _refuse_locked(tenant, accessor, alias, call)
    if alias and isinstance(reply, Login):
        tenant.lockouts.succeeded(accessor, alias)
    return reply


def _token_type(of_mount: str, of_login: str) -> str:
    """The token type: the mount's if fixed, else the login's, else the mount's default."""
    if of_mount in (SERVICE, BATCH):
        return of_mount
    chosen = of_login if of_login in (SERVICE, BATCH) else of_mount.removeprefix("default-")
    return chosen or SERVICE


def _alias(body: Body) -> str:
    alias = body.named_account() if isinstance(body, NamesAccount) else ""
    # No account has such a long name, so failures for it aren't stored.
    return alias if len(alias) <= _MAX_ALIAS_CHARACTERS else ""


async def _refuse_locked(tenant: Tenant, accessor: str, alias: str, call: Call) -> None:
    if alias and await tenant.lockouts.locked(accessor, alias, call.now):
        raise Denied(wrapped=False)


async def issue(tenant: Tenant, mount: Mount, auth_type: str, login: Login, call: Call) -> Reply:
    """Mint the token of ``login``, returned by the auth method of the type ``auth_type`` at ``mount``.

    Raises ``InvalidRequest`` for the policies ``root`` and ``response-wrapping``, which no login may give, and for a
    batch token with limited uses, which can't be counted; ``Denied`` if the login's entity is disabled.
    """
    batch = login.token_type == BATCH
    if batch and login.num_uses:
        raise InvalidRequest('batch tokens cannot have "num_uses" set')
    policies = {policy.strip().lower() for policy in login.policies} - {""}
    if _ROOT_POLICY in policies:
        raise InvalidRequest("auth methods cannot create root tokens")
    if RESPONSE_WRAPPING in policies:
        raise InvalidRequest(UNASSIGNABLE_TEXT)
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
    entity_id, created = "", False
    if login.alias:
        entity_id, created = await entity_at_login(
            tenant, mount.accessor, login.alias, call.now, login.alias_metadata, login.groups
        )
    record = await tenant.tokens.mint(
        TokenRecord(
            type=BATCH if batch else SERVICE,
            policies=tuple(sorted(policies)),
            path=f"{mount.path}{call.path}",
            display_name=_display_name(tenant.namespace.path + mount.path, login),
            creation_time=call.now,
            auth_type=auth_type,
            metadata=dict(login.metadata) or None,
            num_uses=login.num_uses,
            ttl=granted,
            last_ttl=granted,
            explicit_max_ttl=login.explicit_max_ttl_seconds,
            period=login.period_seconds,
            renewable=login.renewable,
            entity_id=entity_id,
            bound_cidrs=login.bound_cidrs,
            expire_time=call.now + granted,
            grant=b"" if batch else login.grant,
        )
    )
    return Issued(data=login.data, auth=record, entity_created=created)


def _display_name(path: str, login: Login) -> str:
    """The mount's name, with its whole ``path``, and the caller's, joined as in OpenBao."""
    name = path.removeprefix(AUTH).strip("/")
    return (f"{name}-{login.display_name}" if login.display_name else name).replace("/", "-")
