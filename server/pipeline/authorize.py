"""Steps 2 to 4 of a request: where it leads, who calls, and whether they may."""

from __future__ import annotations

import asyncio
from typing import Any

from auth_methods.addresses import contains
from compat import fields
from compat.requests import Request
from engines.base import Access, Body, Call, Operation
from engines.faults import Denied, Fault, NotFound, Unauthenticated
from server.access.decision_cache import Standing
from server.access.request_context import Exchange
from server.audit.entry import refusal as refused
from server.core.unsealed import Active
from server.pipeline.large_bodies import UNKNOWN_CALLER, too_large
from server.pipeline.resolve import check_namespace, refuse_in_namespace, refuse_without_seal
from server.tenants.policies.acl import NOTHING_ALLOWED
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token

_SYSTEM = "sys/"

LISTS = (Operation.LIST, Operation.SCAN)
"""Whose paths end in a slash."""


async def located(request: Request, request_id: str, active: Active) -> Exchange:
    """Step 2: the tenant, the mount and the row of its route table."""
    tenant = await _tenant(request, active) if request.namespace else active.root
    operation, path = request.operation, request.path
    exchange = Exchange(request, request_id, tenant, operation, path)
    router = await tenant.mounts.router()
    if operation in LISTS:
        exchange.found = router.find(path.removesuffix("/")) or router.find(path)
    else:
        exchange.found = router.find(path) or router.find(path + "/")
    if exchange.found is not None and exchange.found.served is not None:
        exchange.route = exchange.found.served.routes.get(operation)
    if exchange.found is not None and not exchange.found.live.type.eager:
        await asyncio.sleep(0)  # Behind that, the request is a task.
    return exchange


async def _tenant(request: Request, active: Active) -> Tenant:
    if active.namespaces.stale:
        await active.load_namespaces()  # It may have changed since the request was settled.
    check_namespace(request, active.namespaces)
    tenant = await active.tenants.at(request.namespace)
    if tenant is None:
        raise NotFound("namespace not found")
    return tenant


async def let_in(active: Active, exchange: Exchange, call: Call, epoch: int) -> Body | None:
    """Steps 3 and 4, with the audit of a refusal; ``epoch`` is that of the standings when step 2 began.

    Answers the body if it had to be read already, to tell creation from update.
    """
    try:
        return await _admitted(active, exchange, call, epoch)
    except Fault as fault:
        await _audit_refusal(active, exchange, fault)
        raise


async def _audit_refusal(active: Active, exchange: Exchange, fault: Fault) -> None:
    """Whoever isn't let in leaves entries all the same."""
    response = refused(fault, public=exchange.public)
    await active.audit.refuse(exchange.audit_request(response.error), response)


async def let_in_again(active: Active, standing: Standing, exchange: Exchange, call: Call) -> tuple[bool, Body | None]:
    """Steps 3 and 4 for a caller whose standing is known; False if what was an update then is a creation now."""
    if not standing.found.live.type.eager:
        await asyncio.sleep(0)  # As in ``located``.
    body = None
    call.caller = standing.caller
    if standing.route.exists is not None:
        try:
            body = await _told_creation_from_update(exchange, call)
        except Fault as fault:
            await _audit_refusal(active, exchange, fault)
            raise
        if exchange.operation is not standing.operation:
            return False, None
    call.sudo = standing.decision.sudo
    return True, body


async def _admitted(active: Active, exchange: Exchange, call: Call, epoch: int) -> Body | None:
    """Who calls, and whether they may. Faults from here are refusals."""
    request, route, found, tenant = exchange.request, exchange.route, exchange.found, exchange.tenant
    if found is not None:
        call.path = found.path
        if request.namespace and found.live.entry.path == _SYSTEM and found.served is not None:
            refuse_in_namespace(found.served)
    wrapping = (
        found is not None
        and found.served is not None
        and found.served.wrapping_token
        and exchange.operation is not Operation.HELP
    )
    if wrapping:
        checked = await tenant.wrapping.check(request.token, request.data, call.now)
        if "token" not in request.data:
            request.token = checked.record.id  # It may have come as a JSON Web Token.
    token = await holder(active, request, call.now)
    if request.unread and (exchange.public or token is not None):
        raise too_large(UNKNOWN_CALLER)
    if exchange.public:
        assert found is not None, "a route belongs to a mount"
        # A login doesn't care about the token of an earlier one; other public paths answer by who asks.
        if token is None and request.token and not found.live.entry.is_auth and not wrapping:
            raise Unauthenticated
        if not found.live.entry.is_auth:
            exchange.token = token
            call.caller = exchange.caller()
        return None
    if token is None:
        raise Unauthenticated
    exchange.token = token
    call.caller = exchange.caller()
    path = exchange.path if token.store is tenant.tokens else exchange.path_for(token)
    # A stranger isn't told what there is by how a body is taken that doesn't fit.
    body = None if path is None else await _told_creation_from_update(exchange, call)
    acl = await token.store.rights(token)
    wrap_ttl_seconds = request.wrap_ttl_seconds or None
    if path is None:
        exchange.decision = decision = NOTHING_ALLOWED
    else:
        exchange.decision = decision = acl.check(exchange.operation, path, request.data, wrap_ttl_seconds)
    call.sudo = decision.sudo
    if token.record.num_uses:
        exchange.token = await _used(token)
        call.caller = exchange.caller()
    if request.head and not acl.root:
        raise Denied  # A policy has no word that grants it.
    if not decision.allowed or (route is not None and route.access is Access.SUDO and not decision.sudo):
        raise Denied
    if request.namespace and found is not None and found.live.entry.path == _SYSTEM and found.served is not None:
        refuse_without_seal(found.served)
    active.standings.add(epoch, exchange, acl.valid_until)
    return body


async def holder(active: Active, request: Request, now: float) -> Token | None:
    """The token that ``request`` has shown, if it is good, in whatever namespace it belongs to."""
    if not request.token:
        return None
    home = await active.home(request.token) if active.namespaces.by_id else active.root
    token = await home.tokens.authenticate(request.token, now)
    if token is not None and token.record.bound_cidrs:
        return token if contains(token.record.bound_cidrs, request.remote_address) else None
    return token


async def _told_creation_from_update(exchange: Exchange, call: Call) -> Body | None:
    found = exchange.found
    if found is None or found.served is None or found.served.exists is None or exchange.route is None:
        return None
    if exchange.operation is not Operation.UPDATE:
        return None
    body = convert_body(exchange, bare_errors=True)
    if not await found.served.exists(found.live.engine, call, body):
        exchange.operation = call.operation = Operation.CREATE
    return body


async def _used(token: Token) -> Token:
    try:
        return await token.store.use(token)
    except LookupError:
        raise Unauthenticated from None


def convert_body(exchange: Exchange, *, bare_errors: bool = False) -> Body:
    assert exchange.route is not None and exchange.found is not None, "only a found route has a body"
    given: dict[str, Any] = exchange.request.data
    reserved = exchange.route.body.path_only
    if not reserved.isdisjoint(given):
        given = {name: value for name, value in given.items() if name not in reserved}
    if exchange.found.parameters:
        given = {**given, **exchange.found.parameters}
    body = fields.convert(exchange.route.body, given, bare_errors=bare_errors)
    limit = 0 if exchange.decision is None else exchange.decision.limit
    if limit and getattr(body, "limit", limit) <= 0:
        body.limit = limit  # type: ignore[attr-defined]
    return body
