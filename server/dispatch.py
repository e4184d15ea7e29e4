"""The one way of a request through the server, from a parsed request to the bytes of its answer.

    1  namespace and mount        4  quota (its place; there are none yet)     7  answer
    2  token                      5  audit: "request"                          8  audit: "response"
    3  policies                   6  handler

Whatever goes wrong once the namespace is known is audited too. A fault is answered in Vault's words; anything else is
a bug, logged under the request's id and answered with a fixed text, so that nothing leaks.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from auth_methods.addresses import contains
from compat import fields
from compat.envelope import bare_body, errors_body, success_body
from compat.requests import LINES_TYPE, Request
from compat.statuses import internal_error_text, status_of, texts_of
from engines.base import Access, Body, Call, Operation, Reply
from engines.faults import (
    Denied,
    Fault,
    InvalidRequest,
    NotFound,
    RateLimited,
    Sealed,
    Unauthenticated,
    Unavailable,
    UnsupportedOperation,
    UnsupportedPath,
)
from server.active import Active
from server.answer import JSON, Answer
from server.audit.entry import raw_answer
from server.audit.entry import refusal as refused
from server.core import Core
from server.exchange import Exchange, audit_response
from server.logins import log_in
from server.mounts import Found
from server.request_ids import new_request_id
from server.routing import RouteTable, Served
from server.stream import Stream
from server.system import System
from server.system.openapi import help_answer, mount_help
from server.tenants import Tenant
from server.tokens import Token
from storage.base import BarrierSealed, Conflict
from storage.base import Unavailable as StorageUnavailable

log = logging.getLogger(__name__)

_SYSTEM = "sys/"
_LISTS = (Operation.LIST, Operation.SCAN)
_READS = (Operation.READ, *_LISTS)
_REST = ":path}"
_BODILESS = (204, 304)


class Dispatcher:
    """Answers requests from what ``core`` has at the time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._open_system = System(core, None)
        self._open_routes = RouteTable(route for route in System.routes if route.access is Access.OPEN)
        self._sealed_routes = RouteTable(System.sealed_routes)
        self.bugs = 0
        """How many requests ended in an exception that nobody planned."""

    async def answer(self, request: Request) -> Answer:
        """The answer to ``request``, whatever happens."""
        request_id = new_request_id()
        try:
            if request.path.startswith(_SYSTEM):
                answer = await self._open(request, request_id)
                if answer is not None:
                    return answer
            return await self._logical(request, request_id)
        except Exception as error:  # noqa: BLE001 - the one place where bugs end
            return self._failure(error, request_id)

    async def open_stream(self, request: Request) -> Stream | Answer | None:
        """What answers the lines of a request, or the answer that it isn't let through; None if its path takes none."""
        request_id = new_request_id()
        try:
            return await self._opened(request, request_id)
        except Exception as error:  # noqa: BLE001 - as in ``answer``
            return self._failure(error, request_id)

    def _failure(self, error: Exception, request_id: str) -> Answer:
        """The answer to a request that ended in ``error``."""
        if isinstance(error, Fault):
            return refusal(error)
        if isinstance(error, BarrierSealed):
            return refusal(Sealed())  # It was sealed while this request was under way.
        if isinstance(error, Conflict | StorageUnavailable):
            log.error("request %s: storage: %s", request_id, error)
            return refusal(Unavailable("storage is unavailable"))
        self.bugs += 1
        # The message of the exception isn't logged: it may hold what the caller sent.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("request %s ended in %s\n%s", request_id, type(error).__name__, frames)
        return Answer(500, errors_body([internal_error_text(request_id)]))

    async def _open(self, request: Request, request_id: str) -> Answer | None:
        """Serve a route that works while sealed; None if the path isn't one of those."""
        path = request.path[len(_SYSTEM) :].removesuffix("/")
        match = (self._open_routes if self._core.active is not None else self._sealed_routes).match(path)
        if match is None:
            return None
        served, parameters = match
        # These paths can't be listed; a query that asks for a list is a query like any other.
        operation = Operation.READ if request.method == "GET" else request.operation
        route = served.routes.get(operation)
        if route is None or request.internal or (request.head and not route.head):
            return Answer(405, errors_body(()))
        call = _call(request, request_id, operation, path, self._core.clock())
        body = fields.convert(route.body, {**request.data, **parameters})
        reply = await route.handler(self._open_system, call, body)
        if reply is None:
            return Answer(204, b"")
        status = reply.status or 200
        return Answer(status, b"" if status in _BODILESS else bare_body(reply.data))

    async def _ready(self, request: Request) -> Active:
        """The unsealed server, up to date with storage."""
        active = self._core.active
        if active is None:
            raise Sealed
        if request.internal:
            raise InvalidRequest("cannot handle internal-only request operation")
        if request.index:
            # This server gives out no index, so there is none that it could decode.
            raise InvalidRequest('failed to decode "X-Vault-Index"')
        await self._core.cache.catch_up()
        if active.audit.stale:
            await active.audit.load()
        return active

    async def _opened(self, request: Request, request_id: str) -> Stream | None:
        """Steps 1 to 6 of a stream. Its entries are never written together: it may take long."""
        active = await self._ready(request)
        exchange = await _located(request, request_id, active)
        if exchange.route is None or exchange.route.item is None:
            return None
        call = _call(request, request_id, exchange.operation, exchange.path, self._core.clock())
        body = await _let_in(active, exchange, call)
        pending = active.audit.begin(exchange.audit_request())
        stream = Stream(self._core, active, exchange, pending, self._failure)
        try:
            reply = await self._handled(exchange, call, body)
            assert reply is not None and reply.each is not None, "the handler of a stream says what answers it"
        except BaseException as error:
            await stream.close(error)
            raise
        stream.each = reply.each
        return stream

    async def _logical(self, request: Request, request_id: str) -> Answer:
        core = self._core
        active = await self._ready(request)
        exchange = await _located(request, request_id, active)
        call = _call(request, request_id, exchange.operation, exchange.path, core.clock())
        body = await _let_in(active, exchange, call)
        pending = active.audit.begin(exchange.audit_request(), together=not exchange.writes)
        try:
            reply = await self._handled(exchange, call, body)
            answer = _answer(exchange, call, reply)
        except BaseException as error:
            seen = error if isinstance(error, Fault) else Fault("internal error")
            active.audit.finish(pending, refused(seen, public=exchange.public))
            if isinstance(error, Fault) and exchange.public:
                error.wrapped = False
            raise
        finally:
            token = exchange.token
            if token is not None and token.record.num_uses < 0 and not core.barrier.sealed:
                await exchange.tenant.tokens.revoke(token.hash)
        if reply is not None and reply.status is not None and reply.status >= 400:
            response = raw_answer(answer.status, "application/json", answer.body)
        else:
            login = exchange.found is not None and exchange.found.live.entry.is_auth and exchange.public
            response = audit_response(None if reply is None else reply.data, reply, call.warnings, login=login)
        active.audit.finish(pending, response)
        return answer

    async def _handled(self, exchange: Exchange, call: Call, body: Body | None) -> Reply | None:
        """Step 6. Raises what the handler raises, and faults for paths and verbs that are not there."""
        found, route = exchange.found, exchange.route
        if found is None:
            raise NotFound(f'no handler for route "{exchange.path}". route entry not found.')
        if exchange.operation is Operation.HELP and not found.path.strip("/"):
            return Reply(mount_help(found.live))
        if found.served is None:
            raise _unserved(found)
        if exchange.operation is Operation.HELP:
            return Reply(help_answer(found.live.entry.type, found.served, found.path))
        if route is None or exchange.request.head:
            raise _without_route(found.served, exchange)
        if exchange.request.wrap_ttl_seconds:
            raise InvalidRequest("response wrapping is not supported by this server yet")
        if route.item is not None and not exchange.request.lines:
            raise InvalidRequest(f"this path takes lines of JSON, sent as {LINES_TYPE.decode()}")
        if body is None:
            body = _convert(exchange)
        if route.access is Access.PUBLIC and found.live.entry.is_auth:
            reply = await log_in(self._core, exchange.tenant, found.live, route, call, body)
        else:
            reply = await route.handler(found.live.engine, call, body)
        unknown = fields.unknown_parameters(route.body, exchange.request.data)
        if unknown:
            call.warn(fields.ignored_warning(unknown))
        if found.parameters:
            replaced = found.parameters.keys() & exchange.request.data.keys()
            if replaced:
                call.warn(fields.replaced_warning(replaced))
        return reply


async def _located(request: Request, request_id: str, active: Active) -> Exchange:
    """Step 1: the tenant, the mount and the row of its route table."""
    tenant = active.tenant(request.namespace)
    if tenant is None:
        raise NotFound("namespace not found")
    operation, path = request.operation, request.path
    exchange = Exchange(request, request_id, tenant, operation, path)
    router = await tenant.mounts.router()
    if operation in _LISTS:
        exchange.found = router.find(path.removesuffix("/")) or router.find(path)
    else:
        exchange.found = router.find(path) or router.find(path + "/")
    if exchange.found is not None and exchange.found.served is not None:
        exchange.route = exchange.found.served.routes.get(operation)
    return exchange


async def _let_in(active: Active, exchange: Exchange, call: Call) -> Body | None:
    """Steps 2 to 4, with the audit of a refusal."""
    try:
        return await _admitted(exchange, call)
    except Fault as fault:
        response = refused(fault, public=exchange.public)
        active.audit.refuse(exchange.audit_request(response.error), response)
        raise


async def _admitted(exchange: Exchange, call: Call) -> Body | None:
    """Steps 2 to 4: who calls, and whether they may. Faults from here are refusals.

    Answers the body if it had to be read already, to tell creation from update.
    """
    request, route, found, tenant = exchange.request, exchange.route, exchange.found, exchange.tenant
    if found is not None:
        call.path = found.path
    token = await tenant.tokens.authenticate(request.token, call.now) if request.token else None
    if token is not None and token.record.bound_cidrs and not contains(token.record.bound_cidrs, call.remote_address):
        token = None
    if exchange.public:
        assert found is not None, "a route belongs to a mount"
        # A login doesn't care about the token of an earlier one; other public paths answer by who asks.
        if token is None and request.token and not found.live.entry.is_auth:
            raise Unauthenticated
        if not found.live.entry.is_auth:
            exchange.token = token
            call.caller = exchange.caller()
        return None
    if token is None:
        raise Unauthenticated
    exchange.token = token
    body = await _told_creation_from_update(exchange, call)
    acl = await tenant.policies.acl(token.record.policies)
    wrap_ttl_seconds = request.wrap_ttl_seconds or None
    exchange.decision = decision = acl.check(exchange.operation, exchange.path, request.data, wrap_ttl_seconds)
    call.sudo = decision.sudo
    if token.record.num_uses:
        exchange.token = await _used(token, tenant)
    call.caller = exchange.caller()
    if request.head and not acl.root:
        raise Denied  # A policy has no word that grants it.
    if not decision.allowed or (route is not None and route.access is Access.SUDO and not decision.sudo):
        raise Denied
    return body


async def _told_creation_from_update(exchange: Exchange, call: Call) -> Body | None:
    found = exchange.found
    if found is None or found.served is None or found.served.exists is None or exchange.route is None:
        return None
    if exchange.operation is not Operation.UPDATE:
        return None
    body = _convert(exchange, bare_errors=True)
    if not await found.served.exists(found.live.engine, call, body):
        exchange.operation = call.operation = Operation.CREATE
    return body


async def _used(token: Token, tenant: Tenant) -> Token:
    try:
        return await tenant.tokens.use(token)
    except LookupError:
        raise Unauthenticated from None


def _unserved(found: Found) -> Fault:
    """No pattern matches; but a path that can be listed is known with a trailing slash too."""
    if found.path.endswith("/"):
        match = found.live.routes.match(found.path[:-1])
        if match is not None and Operation.LIST in match[0].routes:
            return UnsupportedOperation()
    return UnsupportedPath()


def _without_route(served: Served, exchange: Exchange) -> Fault:
    """The path matches without the operation; but the path of a list ends in a slash, which few patterns have."""
    if exchange.operation in _LISTS and Operation.LIST not in served.routes and not served.pattern.endswith(_REST):
        return UnsupportedPath()
    return UnsupportedOperation()


def _convert(exchange: Exchange, *, bare_errors: bool = False) -> Body:
    assert exchange.route is not None and exchange.found is not None, "only a found route has a body"
    given: dict[str, Any] = exchange.request.data
    if exchange.found.parameters:
        given = {**given, **exchange.found.parameters}
    body = fields.convert(exchange.route.body, given, bare_errors=bare_errors)
    limit = 0 if exchange.decision is None else exchange.decision.limit
    if limit and getattr(body, "limit", limit) <= 0:
        body.limit = limit  # type: ignore[attr-defined]
    return body


def _answer(exchange: Exchange, call: Call, reply: Reply | None) -> Answer:
    """Step 7."""
    route = exchange.route
    if reply is None:
        if exchange.operation in _READS:
            raise NotFound
        return Answer(204, b"")
    if exchange.operation in _LISTS and reply.data is not None and not reply.data.get("keys") and not call.warnings:
        raise NotFound
    if exchange.operation is Operation.HELP or (route is not None and route.bare):
        return Answer(reply.status or 200, bare_body(reply.data))
    body = success_body(
        exchange.request_id,
        reply.data,
        warnings=call.warnings,
        auth=None if reply.auth is None else reply.auth.auth_block(),
        echo=route is not None and route.echo,
    )
    return Answer(reply.status or 200, body)


def _call(request: Request, request_id: str, operation: Operation, path: str, now: float) -> Call:
    return Call(
        request_id=request_id,
        operation=operation,
        path=path,
        caller=None,
        given=request.data,
        now=now,
        remote_address=request.remote_address,
        in_namespace=request.in_namespace,
    )


def refusal(fault: Fault) -> Answer:
    """How ``fault`` is answered."""
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)
    if isinstance(fault, RateLimited) and fault.retry_after_seconds:
        headers = (JSON, (b"retry-after", b"%d" % fault.retry_after_seconds))
    return Answer(status_of(fault), errors_body(texts_of(fault)), headers)
