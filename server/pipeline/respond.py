"""Step 9 of a request: a reply or a fault becomes an answer, wrapped if requested."""

from __future__ import annotations

from typing import TypeGuard

from auth_methods.base import Issued
from compat.envelope import bare_body, errors_body, success_body
from compat.statuses import status_of, texts_of
from engines.base import LISTS, Call, Operation, Raw, Reply
from engines.durations import format_time
from engines.faults import Fault, InvalidRequest, NotFound, NotYet, RateLimited
from server.access.request_context import RequestContext
from server.pipeline.response import JSON, JSON_ALONE, Answer, Headers
from server.tenants.tokens.wrapping import Unwrapped, Wrapped, WrapRecord

READS = (Operation.READ, *LISTS)
"""Operations whose answer without data is 404."""


def answer_to(context: RequestContext, call: Call, reply: Reply | None) -> Answer:
    """Step 9, without wrapping."""
    route = context.route
    if isinstance(reply, Wrapped):
        return Answer(200, success_body("", None, wrap=reply.info.block(), warnings=reply.info.warnings))
    if isinstance(reply, Unwrapped):
        return Answer(reply.status or 200, reply.envelope(context.request_id))
    if reply is None:
        if context.operation in READS:
            raise NotFound
        return Answer(204, b"")
    if reply.raw is not None:
        return raw_answer_to(reply.status or 200, reply.raw)
    if context.operation is Operation.LIST and reply.data is not None:
        if not reply.data.get("keys") and not call.warnings:
            raise NotFound
    if context.operation is Operation.HELP or (route is not None and route.bare):
        # A cache shared between clients must not serve it to one without a token.
        kept = ((b"cache-control", b"private, max-age=%d" % reply.max_age_seconds),) if reply.max_age_seconds else ()
        return Answer(reply.status or 200, bare_body(reply.data), (JSON, *kept) if kept else JSON_ALONE)
    auth = reply.auth.auth_block(reply.identity_policies) if isinstance(reply, Issued) else None
    body = success_body(context.request_id, reply.data, warnings=call.warnings, auth=auth, echo=context.echoes)
    return Answer(reply.status or 200, body)


def raw_answer_to(status: int, raw: Raw) -> Answer:
    """An answer that isn't JSON."""
    return Answer(status, raw.body, ((b"content-type", raw.content_type.encode()),), pieces=raw.pieces)


def marked(answer: Answer, marks: Headers) -> Answer:
    """``answer`` with further headers; its own ones win."""
    present = {name for name, _ in answer.headers}
    headers = (*answer.headers, *(mark for mark in marks if mark[0] not in present))
    return Answer(answer.status, answer.body, headers, pieces=answer.pieces)


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
    if context.echoes:
        envelope = success_body(context.request_id, reply.data, warnings=call.warnings)
    record = WrapRecord(
        creation_path=context.path,
        creation_time=format_time(call.now),
        creation_ttl=context.request.wrap_ttl_seconds,
        wrapped_accessor=reply.auth.accessor if isinstance(reply, Issued) else reply.accessor,
        status=answer.status if answer.status >= 400 else 0,
    )
    return await context.tenant.wrapping.wrap(envelope, record, call.now, context.request.wrap_format)


def refusal(fault: Fault) -> Answer:
    """The answer to ``fault``."""
    headers: Headers = (JSON,)
    if isinstance(fault, RateLimited | NotYet) and fault.retry_after_seconds:
        headers = (JSON, (b"retry-after", b"%d" % fault.retry_after_seconds))
    return Answer(status_of(fault), errors_body(texts_of(fault)), headers)
