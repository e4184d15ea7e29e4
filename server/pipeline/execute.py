"""Steps 7 to 9 of a request: audit, the handler, and the answer with its audit entry."""

from __future__ import annotations

from typing import Any

from auth_methods.base import Issued
from compat import fields
from compat.requests import LINES_TYPE, Request
from engines.base import Access, Body, Call, Operation, Reply, Row
from engines.faults import Fault, InvalidRequest, NotFound
from server.access.request_context import RequestContext, audit_response
from server.audit.crypto import crypto_members
from server.audit.entry import AuditResponse, raw_answer
from server.audit.entry import refusal as refused
from server.core.runtime import Runtime
from server.core.unsealed import Unsealed
from server.pipeline.authorize import convert_body
from server.pipeline.faults import fault_of, unserved, without_route
from server.pipeline.login import log_in
from server.pipeline.respond import READS, answer_to, wrappable, wrapped
from server.pipeline.response import Answer
from server.system.inspect.openapi import help_answer, mount_help
from server.tenants.mounts.table import Match
from server.tenants.tokens.wrapping import Unwrapped

LONG_ANSWER_BYTES = 256 * 1024
"""The length in bytes from which answers are hidden for the audit in a thread."""


def call_of(context: RequestContext, now: float) -> Call:
    """The call to the handler of ``context`` at ``now``, in seconds since the epoch."""
    request, match = context.request, context.match
    return call_to(request, context.request_id, context.operation, context.path if match is None else match.path, now)


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


async def execute(
    runtime: Runtime, unsealed: Unsealed, context: RequestContext, call: Call, body: Body | None
) -> Answer:
    """Steps 7 to 9, audited in every case."""
    audit, route, wraps = unsealed.audit, context.route, context.request.wrap_ttl_seconds > 0
    waits = route is None or route.waits_for_audit
    audited = context.audit_request()
    if not waits:
        pending = audit.offer(audited)
    elif wraps or context.writes:
        pending = await audit.begin(audited)
    else:
        pending = audit.hold(audited)
    try:
        reply = await handle(runtime, context, call, body)
        answer = answer_to(context, call, reply)
        if wraps and wrappable(reply, context):
            reply = await wrapped(context, call, reply, answer)
            answer = answer_to(context, call, reply)
    except BaseException as error:
        # Without a name for the fault, which refers to this frame: a name would keep the request alive.
        response = refused(fault_of(error) or Fault("internal error"), public=context.public)
        response.crypto = _record(runtime, context, call, failed=True)
        if waits and isinstance(error, Exception):
            await audit.finish(pending, response)
        else:  # It was cancelled, and must not wait any more.
            audit.abandon(pending, response)
        if isinstance(error, Fault) and context.public:
            error.wrapped = False
        raise
    response = _outcome(context, call, reply, answer)
    if call.crypto is not None or call.crypto_policy is not None:
        response.crypto = _record(runtime, context, call, failed=False)
    if len(answer.body) > LONG_ANSWER_BYTES:
        await audit.hide_answer(response, context.audit_subject())
    if waits:
        await audit.finish(pending, response)
    else:
        audit.abandon(pending, response)
    return answer


def _outcome(context: RequestContext, call: Call, reply: Reply | None, answer: Answer) -> AuditResponse:
    """The audit entry of ``answer``, which is made from ``reply``."""
    if reply is not None:
        if reply.raw is not None:
            return raw_answer(answer.status, reply.raw.content_type, reply.raw.body)
        if isinstance(reply, Unwrapped) or (reply.status is not None and reply.status >= 400):
            return raw_answer(answer.status, "application/json", answer.body)
    return audit_response(reply, call.warnings, context)


def _record(runtime: Runtime, context: RequestContext, call: Call, *, failed: bool) -> bytes:
    """Count the uses of keys for the inventory, and return them for the audit."""
    match = context.match
    if match is None:
        return b""
    if call.crypto is not None and runtime.uses.active:
        runtime.uses.count(match.mounted, context.tenant.namespace.id, call, call.crypto)
    began_ns = runtime.in_flight[context.request_id][1]
    return crypto_members(call, match.mounted.entry.path, began_ns, failed=failed)


async def handle(runtime: Runtime, context: RequestContext, call: Call, body: Body | None) -> Reply | None:
    """Step 8. Raises what the handler raises, and faults for unknown paths and methods."""
    match, route = context.match, context.route
    if match is None:
        raise NotFound(f'no handler for route "{context.path}". route entry not found.')
    if context.operation is Operation.HELP and not match.path.strip("/"):
        return Reply(mount_help(match.mounted))
    if match.endpoint is None:
        raise unserved(match)
    if context.operation is Operation.HELP:
        return Reply(help_answer(match.mounted.entry.engine_type, match.endpoint, match.path))
    if route is None or context.request.head:
        raise without_route(match.endpoint, context)
    if route.item is not None and not context.request.lines:
        raise InvalidRequest(f"this path takes lines of JSON, sent as {LINES_TYPE.decode()}")
    if route.item is not None and context.request.wrap_ttl_seconds:
        raise InvalidRequest("the answer to a stream can't be wrapped")
    if body is None:
        body = convert_body(context)
    if route.access is Access.PUBLIC and match.mounted.entry.is_auth:
        reply = await log_in(runtime, context.tenant, match.mounted, route, call, body)
    else:
        reply = await route.handler(match.mounted.engine, call, body)
    if isinstance(reply, Issued) and reply.auth.entity_id:
        # The request itself may have changed the caller's entity.
        await runtime.cache.catch_up()
        reply.identity_policies = await context.tenant.identities.policies(reply.auth.entity_id)
    if reply is None and call.crypto_policy is not None and call.warnings and context.operation not in READS:
        reply = Reply()  # There is something to say: what the crypto policy warns of.
    if reply is None or reply.status is None:
        _warn_of_parameters(call, route, match)
    return reply


def _warn_of_parameters(call: Call, route: Row[Any], match: Match) -> None:
    """Warn of ignored parameters. Answers that set their status are finished already, as OpenBao's are."""
    given = call.given
    unknown = fields.unknown_parameters(route.body, given)
    if unknown:
        call.warn(fields.ignored_warning(unknown))
    from_path = match.parameters.keys() | route.body.path_only if route.body.path_only else match.parameters.keys()
    if not from_path.isdisjoint(given):
        call.warn(fields.replaced_warning(from_path & given.keys()))
