"""Steps 7 to 9 of a request: audit, the handler, and the answer with its audit entry."""

from __future__ import annotations

from typing import Any

from auth_methods.base import Issued
from compat import fields
from compat.requests import LINES_TYPE, Request
from engines.base import Access, Body, Call, Operation, Reply, Row
from engines.faults import Fault, InvalidRequest, NotFound
from server.access.request_context import RequestContext, audit_response
from server.audit.crypto import CryptoEntry, crypto_entry
from server.audit.entry import raw_answer
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
    """The call that ``request`` makes to ``path`` below a mount."""
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
    if context.route is not None and not context.route.waits_for_audit:
        return await _unwaited(runtime, unsealed, context, call, body)
    writes = context.writes or context.request.wrap_ttl_seconds > 0
    audited = context.audit_request()
    pending = await unsealed.audit.begin(audited) if writes else unsealed.audit.hold(audited)
    try:
        reply = await handle(runtime, context, call, body)
        answer = answer_to(context, call, reply)
        if context.request.wrap_ttl_seconds and wrappable(reply, context):
            reply = await wrapped(context, call, reply, answer)
            answer = answer_to(context, call, reply)
    except Exception as error:
        # Without a name for the fault, which refers to this frame: a name would keep the request alive.
        response = refused(fault_of(error) or Fault("internal error"), public=context.public)
        response.crypto = _recorded(runtime, context, call, failed=True)
        await unsealed.audit.finish(pending, response)
        if isinstance(error, Fault) and context.public:
            error.wrapped = False
        raise
    except BaseException:  # It was cancelled, and must not wait any more.
        response = refused(Fault("internal error"), public=context.public)
        response.crypto = _recorded(runtime, context, call, failed=True)
        unsealed.audit.abandon(pending, response)
        raise
    if isinstance(reply, Reply) and reply.raw is not None:
        response = raw_answer(answer.status, reply.raw.content_type, reply.raw.body)
    elif isinstance(reply, Unwrapped) or (reply is not None and reply.status is not None and reply.status >= 400):
        response = raw_answer(answer.status, "application/json", answer.body)
    else:
        response = audit_response(reply, call.warnings, context)
    if call.crypto is not None or call.crypto_policy is not None:
        response.crypto = _recorded(runtime, context, call, failed=False)
    if len(answer.body) > LONG_ANSWER_BYTES:
        await unsealed.audit.hide_answer(response, context.audit_subject())
    await unsealed.audit.finish(pending, response)
    return answer


def _recorded(runtime: Runtime, context: RequestContext, call: Call, *, failed: bool) -> CryptoEntry | None:
    """Count what was done with keys, for the inventory, and return it for the audit."""
    mount = ""
    if context.match is not None:
        mount = context.match.mounted.entry.path
        if call.crypto is not None and runtime.uses.active:
            runtime.uses.count(context.match.mounted, context.tenant.namespace.id, call, call.crypto)
    began_ns = runtime.in_flight[context.request_id][1]
    return crypto_entry(call, mount, began_ns, failed=failed)


async def _unwaited(
    runtime: Runtime, unsealed: Unsealed, context: RequestContext, call: Call, body: Body | None
) -> Answer:
    """Steps 7 to 9 of a route that doesn't wait for the audit."""
    pending = unsealed.audit.offer(context.audit_request())
    response = refused(Fault("internal error"), public=context.public)
    try:
        reply = await handle(runtime, context, call, body)
        answer = answer_to(context, call, reply)
        response = audit_response(reply, call.warnings, context)
    except Exception as error:
        response = refused(fault_of(error) or Fault("internal error"), public=context.public)
        raise
    finally:
        unsealed.audit.abandon(pending, response)
    return answer


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
    unknown = fields.unknown_parameters(route.body, call.given)
    if unknown:
        call.warn(fields.ignored_warning(unknown))
    replaced = match.parameters.keys() & call.given.keys()
    if route.body.path_only:
        replaced |= route.body.path_only & call.given.keys()
    if replaced:
        call.warn(fields.replaced_warning(replaced))
