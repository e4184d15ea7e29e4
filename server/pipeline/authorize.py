"""Steps 2 to 6 of a request: location, authentication, creation or update, policies, and uses of the token.

    2  locate        the tenant, the mount and the row of its route table
    3  authenticate  by the token
    4  distinguish   creation from update, where a route serves both
    5  decide        by the policies
    6  spend         one use of a token with a limited number

With a cached decision, steps 2, 3 and 5 have their results already. Refusals are audited.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from auth_methods.addresses import contains
from compat import fields
from compat.requests import Request
from engines.base import Access, Body, Call, Operation
from engines.faults import Denied, Fault, NotFound, Unauthenticated
from server.access.request_context import RequestContext, caller_of
from server.audit.entry import refusal as refused
from server.core.unsealed import Unsealed
from server.pipeline.large_bodies import UNKNOWN_CALLER, too_large
from server.pipeline.resolve import check_namespace, refuse_in_namespace, refuse_without_seal
from server.tenants.policies.acl import Acl
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token
from storage.base import BarrierSealed

_SYSTEM = "sys/"


async def locate(request: Request, request_id: str, unsealed: Unsealed) -> RequestContext:
    """Step 2. Raises ``NotFound`` or ``Unavailable`` for a namespace that does not exist or is locked."""
    tenant = await _tenant(request, unsealed) if request.namespace else unsealed.root
    operation, path = request.operation, request.path
    match = (await tenant.mounts.router()).find_for(operation, path)
    route = None if match is None else match.route_for(operation)
    if match is not None and not match.mounted.type.eager:
        await asyncio.sleep(0)  # After this, the request is a task.
    return RequestContext(request, request_id, tenant, operation, path, match, route)


async def _tenant(request: Request, unsealed: Unsealed) -> Tenant:
    if unsealed.namespaces.stale:
        await unsealed.load_namespaces()  # They may have changed since the request was resolved.
    check_namespace(request, unsealed.namespaces)
    tenant = await unsealed.tenants.at(request.namespace)
    if tenant is None:
        raise NotFound("namespace not found")
    return tenant


async def admit(
    unsealed: Unsealed, context: RequestContext, now: float, epoch: int
) -> tuple[RequestContext, Call, Body | None]:
    """Steps 3 to 6; ``epoch`` is the decision cache's at the start of step 2, ``now`` in seconds since the epoch.

    Returns the call to the handler, and the body too if distinguishing creation from update required it. Raises the
    fault of a refusal, after auditing it.
    """
    match, acl = context.match, None
    path = context.path if match is None else match.path
    call = call_to(context.request, context.request_id, context.operation, path, now)
    try:
        if context.decision is None:
            context = await _authenticate(unsealed, context, call)
            if context.public:
                call.caller = context.caller
                return replace(context, admitted=True), call, None
        call.caller = context.caller
        body, context = await _distinguish(context, call)
        if context.decision is None:
            token = context.token
            assert token is not None, "a path that isn't public has a token by now"
            acl = await token.store.rights(token)
            context = replace(context, decision=context.decide(token, acl))
        assert context.decision is not None, "it was just made, or cached"
        call.sudo = context.decision.sudo
        if acl is not None:
            context = await _spend(context)
            call.caller = context.caller
            _refuse(context, acl)
            unsealed.decisions.add(epoch, context, acl.valid_until)
    except BaseException as error:
        try:
            if isinstance(error, Fault):
                response = refused(error, public=context.public)
                # An unauthenticated caller is denied in bare words in the request's entry, as in OpenBao.
                words = refused(error, public=True).error if context.token is None else response.error
                await unsealed.audit.refuse(context.audit_request(words), response)
        finally:
            await end_used_up(context.token)
        raise
    return context, call, body


def call_to(request: Request, request_id: str, operation: Operation, path: str, now: float) -> Call:
    """The call that ``request`` makes to ``path`` below a mount, at ``now`` in seconds since the epoch."""
    return Call(
        request_id=request_id,
        operation=operation,
        path=path,
        caller=None,
        given=request.data,
        now=now,
        remote_address=request.remote_address,
        client_certificate=request.client_certificate,
        in_namespace=request.in_namespace,
        wrap_ttl_seconds=request.wrap_ttl_seconds,
    )


async def _authenticate(unsealed: Unsealed, context: RequestContext, call: Call) -> RequestContext:
    """Step 3. Raises ``Unauthenticated`` without a token where one is needed, and the faults of refusals."""
    request, match = context.request, context.match
    wrapping = False
    if match is not None and match.endpoint is not None:
        if request.namespace and match.mounted.entry.path == _SYSTEM:
            refuse_in_namespace(match.endpoint)
        wrapping = match.endpoint.wrapping_token and context.operation is not Operation.HELP
    if wrapping:
        checked = await context.tenant.wrapping.check(request.token, request.data, call.now)
        if "token" not in request.data:
            request.token = checked.record.id  # It may have come as a JSON Web Token.
    token = await holder(unsealed, request, call.now)
    if request.unread and (context.public or token is not None):
        raise too_large(UNKNOWN_CALLER)
    if context.public:
        assert match is not None, "a route belongs to a mount"
        if match.mounted.entry.is_auth:
            return context  # A login ignores the token of an earlier one;
        if token is None and request.token and not wrapping:
            raise Unauthenticated  # other public paths depend on the caller.
    elif token is None:
        raise Unauthenticated
    return context if token is None else replace(context, token=token, caller=caller_of(token))


async def holder(unsealed: Unsealed, request: Request, now: float) -> Token | None:
    """The token of ``request``, if valid, in its own namespace."""
    if not request.token:
        return None
    home = await unsealed.home(request.token) if unsealed.namespaces.by_id else unsealed.root
    token = await home.tokens.authenticate(request.token, now)
    if token is not None and token.record.bound_cidrs:
        return token if contains(token.record.bound_cidrs, request.remote_address) else None
    return token


async def _distinguish(context: RequestContext, call: Call) -> tuple[Body | None, RequestContext]:
    """Step 4: the body, if it was needed, and for a creation the context of one, to be decided anew.

    A caller of another tenant must not learn from errors about the body what exists.
    """
    match, token = context.match, context.token
    if match is None or match.endpoint is None or match.endpoint.exists is None or context.route is None:
        return None, context
    if context.operation is not Operation.UPDATE or token is None:
        return None, context
    if context.decision is None and context.tenant.namespace.below(token.store.namespace) is None:
        return None, context
    body = convert_body(context, bare_errors=True)
    call.existing = await match.endpoint.exists(match.mounted.engine, call, body)
    if call.existing:
        return body, context
    call.operation = Operation.CREATE
    return body, replace(context, operation=Operation.CREATE, decision=None, subject=None)


async def _spend(context: RequestContext) -> RequestContext:
    """Step 6. Raises ``Unauthenticated`` if other requests have used the token up meanwhile."""
    token = context.token
    if token is None or not token.record.num_uses:
        return context
    try:
        token = await token.store.use(token)
    except LookupError:
        raise Unauthenticated from None
    return replace(context, token=token, caller=caller_of(token))


def _refuse(context: RequestContext, acl: Acl) -> None:
    """Raise ``Denied`` unless the request was allowed, or another fault for paths missing in every namespace."""
    request, route, match, decision = context.request, context.route, context.match, context.decision
    assert decision is not None, "the policies were asked"
    if request.head and not acl.root:
        raise Denied  # No capability grants it.
    if not decision.allowed or (route is not None and route.access is Access.SUDO and not decision.sudo):
        raise Denied
    if request.namespace and match is not None and match.mounted.entry.path == _SYSTEM and match.endpoint is not None:
        refuse_without_seal(match.endpoint)


async def end_used_up(token: Token | None) -> None:
    """Revoke the token of a request that had its last use, after the request."""
    if token is not None and token.record.num_uses < 0:
        with suppress(BarrierSealed):
            await token.store.revoke(token.hash)


def convert_body(context: RequestContext, *, bare_errors: bool = False) -> Body:
    """The typed body of a request. Raises ``InvalidRequest``."""
    assert context.route is not None and context.match is not None, "only a found route has a body"
    given: dict[str, Any] = context.request.data
    reserved = context.route.body.path_only
    if reserved and not reserved.isdisjoint(given):
        given = {name: value for name, value in given.items() if name not in reserved}
    if context.match.parameters:
        given = {**given, **context.match.parameters}
    body = fields.convert(context.route.body, given, bare_errors=bare_errors)
    limit = 0 if context.decision is None else context.decision.limit
    if limit and getattr(body, "limit", limit) <= 0:
        body.limit = limit  # type: ignore[attr-defined]
    return body
