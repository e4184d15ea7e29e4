"""Steps 7 to 9 of a request: audit, the handler, and the answer with its audit entry, wrapped if requested."""

from __future__ import annotations

from typing import TypeGuard

from auth_methods.base import Issued
from compat import fields
from compat.envelope import bare_body, success_body
from compat.requests import LINES_TYPE
from engines.base import LISTS, Access, Body, Call, Operation, Reply
from engines.durations import format_time
from engines.faults import Fault, InvalidRequest, NotFound
from server.access.request_context import RequestContext, issued_response
from server.audit.entry import AuditResponse, raw_answer
from server.audit.entry import refusal as refused
from server.core.runtime import Runtime
from server.core.unsealed import Unsealed
from server.core.use_counter import crypto_members
from server.pipeline.authorize import convert_body
from server.pipeline.faults import fault_of, unserved, without_route
from server.pipeline.login import log_in
from server.pipeline.response import JSON, JSON_ALONE, Answer, raw_answer_to
from server.system.inspect.openapi import help_answer, mount_help
from server.tenants.tokens.wrapping import Unwrapped, Wrapped, WrapRecord

READS = frozenset({Operation.READ, *LISTS})
"""Operations whose answer without data is 404."""

LONG_ANSWER_BYTES = 256 * 1024
"""The length in bytes from which answers are hidden for the audit in a thread."""


async def execute(
    runtime: Runtime, unsealed: Unsealed, context: RequestContext, call: Call, body: Body | None
) -> Answer:
    """Steps 7 to 9, audited in every case."""
    audit, route, wraps = unsealed.audit, context.route, context.request.wrap_ttl_seconds > 0
    waits = route is None or route.waits_for_audit
    changes = route is not None and route.writes and (route.writes_on_update or context.operation is Operation.CREATE)
    audited = context.audit_request()
    if not waits:
        pending = audit.offer(audited)
    elif wraps or changes:
        pending = await audit.begin(audited)
    else:
        pending = audit.hold(audited)
    try:
        reply = await handle(runtime, context, call, body)
        answer, response = conclude(context, call, reply)
        if wraps and wrappable(reply, context):
            answer, response = conclude(context, call, await wrapped(context, call, reply, answer))
    except BaseException as error:
        # Without a name for the fault, which refers to this frame: a name would keep the request alive.
        refusal = refused(fault_of(error) or Fault("internal error"), public=context.public)
        refusal.crypto = _record(runtime, context, call, failed=True)
        if waits and isinstance(error, Exception):
            await audit.finish(pending, refusal)
        else:  # It was cancelled, and must not wait any more.
            audit.abandon(pending, refusal)
        if isinstance(error, Fault) and context.public:
            error.wrapped = False
        raise
    if call.crypto is not None or call.crypto_policy is not None:
        response.crypto = _record(runtime, context, call, failed=False)
    if len(answer.body) > LONG_ANSWER_BYTES:
        await audit.hide_answer(response, context.audit_subject())
    if waits:
        await audit.finish(pending, response)
    else:
        audit.abandon(pending, response)
    return answer


def conclude(context: RequestContext, call: Call, reply: Reply | None) -> tuple[Answer, AuditResponse]:
    """Step 9, without wrapping: the answer and its audit entry. Raises ``NotFound`` for a read without data."""
    if reply is None:
        if context.operation in READS:
            raise NotFound
        return Answer(204, b""), AuditResponse(warnings=call.warnings)
    status, route = reply.status or 200, context.route
    if isinstance(reply, Wrapped):
        body = success_body("", None, wrap=reply.info.block(), warnings=reply.info.warnings)
        return Answer(200, body), AuditResponse(wrap=reply.info.audit())
    if isinstance(reply, Unwrapped):
        body = reply.envelope(context.request_id)
        return Answer(status, body), raw_answer(status, "application/json", body)
    if reply.raw is not None:
        return raw_answer_to(status, reply.raw), raw_answer(status, reply.raw.content_type, reply.raw.body)
    if context.operation is Operation.LIST and reply.data is not None:
        if not reply.data.get("keys") and not call.warnings:
            raise NotFound
    headers = JSON_ALONE
    if context.operation is Operation.HELP or (route is not None and route.bare):
        body = bare_body(reply.data)
        if reply.max_age_seconds:
            # A cache shared between clients must not serve it to one without a token.
            headers = (JSON, (b"cache-control", b"private, max-age=%d" % reply.max_age_seconds))
    else:
        # Not if the path names a namespace, as in OpenBao.
        echo = route is not None and route.echo and not context.request.prefixed
        auth = reply.auth.auth_block(reply.identity_policies) if isinstance(reply, Issued) else None
        body = success_body(context.request_id, reply.data, warnings=call.warnings, auth=auth, echo=echo)
    if status >= 400:
        response = raw_answer(status, "application/json", body)
    elif isinstance(reply, Issued):
        response = issued_response(reply, call.warnings, context)
    else:
        response = AuditResponse(data=reply.data, warnings=call.warnings)
    return Answer(status, body, headers), response


def wrappable(reply: Reply | None, context: RequestContext) -> TypeGuard[Reply]:
    """Whether an answer is wrapped on request: any that comes in an envelope, and isn't wrapped already."""
    bare = context.operation is Operation.HELP or (context.route is not None and context.route.bare)
    return reply is not None and not bare and not isinstance(reply, Wrapped)


async def wrapped(context: RequestContext, call: Call, reply: Reply, answer: Answer) -> Wrapped:
    """The wrapping of ``answer``, which is stored as it would have been sent.

    Raises ``InvalidRequest`` without a token, neither the caller's nor one in the answer: public answers are no
    secrets, and unauthenticated clients must not fill storage.
    """
    if context.token is None and not isinstance(reply, Issued):
        raise InvalidRequest("an answer is wrapped only for a request with a token, or for a login")
    if answer.pieces is not None:
        raise InvalidRequest("an answer as long as this can't be wrapped")
    envelope = answer.body
    if context.route is not None and context.route.echo:
        envelope = success_body(context.request_id, reply.data, warnings=call.warnings)
    record = WrapRecord(
        creation_path=context.path,
        creation_time=format_time(call.now),
        creation_ttl=context.request.wrap_ttl_seconds,
        wrapped_accessor=reply.auth.accessor if isinstance(reply, Issued) else reply.accessor,
        status=answer.status if answer.status >= 400 else 0,
    )
    return await context.tenant.wrapping.wrap(envelope, record, call.now, context.request.wrap_format)


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
    if route is None or context.request.method == "HEAD":
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
        # Answers that set their status are finished already, as OpenBao's are.
        call.warnings.extend(fields.ineffective(route.body, call.given, match.parameters))
    return reply
