"""The one way of a request through the server, from a parsed request to the bytes of its answer.

    1  cross-origin rules, quotas     4  policies              7  answer, wrapped if asked
    2  namespace and mount            5  audit: "request"      8  audit: "response"
    3  token                          6  handler

Quotas come first, so that who tries many tokens meets them too; where there are none, they cost one look at a flag.

Whatever goes wrong once the namespace is known is audited too. A fault is answered in Vault's words; anything else is
a bug, logged under the request's id and answered with a fixed text, so that nothing leaks.
"""

from __future__ import annotations

import logging
import sys
import traceback
from copy import copy
from time import perf_counter_ns
from typing import Any

from auth_methods.base import Issued
from compat import fields
from compat.envelope import bare_body, errors_body
from compat.requests import LINES_TYPE, Request
from compat.statuses import internal_error_text
from engines.base import Access, Body, Call, Operation, Reply, Row
from engines.faults import (
    Fault,
    InvalidRequest,
    NotFound,
    RateLimited,
    Sealed,
    Unavailable,
    UnsupportedOperation,
    UnsupportedPath,
)
from engines.routing import RouteTable, Served, route_table
from server.access.request_context import Exchange, audit_response
from server.audit.entry import raw_answer
from server.audit.entry import refusal as refused
from server.core.lifecycle import Core
from server.core.unsealed import Active
from server.pipeline.authorize import LISTS, convert_body, holder, let_in, let_in_again, located
from server.pipeline.large_bodies import (
    HELD_SECONDS,
    MAX_HELD,
    PLAIN_BODY_BYTES,
    TURN_SECONDS,
    UNKNOWN_CALLER,
    Turns,
    too_large,
)
from server.pipeline.login import log_in
from server.pipeline.open_routes import NOTHING, Exposure, open_routes
from server.pipeline.resolve import resolve_namespace
from server.pipeline.respond import answer_to, marked, raw_answer_to, refusal, wrappable, wrapped
from server.pipeline.response import Answer, Headers
from server.pipeline.stream import Stream
from server.runtime.identifiers import new_request_id
from server.system.inspect.openapi import help_answer, mount_help
from server.system.state import System
from server.tenants.mounts.table import Found
from server.tenants.tokens.wrapping import Unwrapped
from storage.base import BarrierSealed, Conflict, KeyTooLong
from storage.base import Unavailable as StorageUnavailable

log = logging.getLogger(__name__)

_SYSTEM = "sys/"
_REST = ":path}"
_BODILESS = (204, 304)

LONG_ANSWER_BYTES = 256 * 1024
"""From which length on an answer is hidden from the audit beside the event loop."""

_CUT_OFF = 499
"""What is counted for a request that was given up: its client has gone, or its time was up."""


class Dispatcher:
    """Answers requests from what ``core`` has at the time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._open_system = System(core, None)
        self._meter = core.runtime.meter
        self.held = Turns(MAX_HELD, HELD_SECONDS)
        """Places for large bodies, on all listeners."""
        self.turns = Turns(1, TURN_SECONDS)
        """Turns of those that are to be worked off."""
        self.bugs = 0
        """How many requests ended in an exception that nobody planned, in this process."""

    async def body_bound(self, request: Request, exposure: Exposure) -> int:
        """How many bytes of its body are read for ``request``, which comes without it.

        With a token that is good, as many as there are; for a path that needs none, few; otherwise none at all.
        """
        try:
            return await self._body_bound(copy(request), exposure)
        except Exception:  # noqa: BLE001 - whatever it is, ``answer`` comes to it too, and says so
            return 0

    async def _body_bound(self, request: Request, exposure: Exposure) -> int:
        active = self._core.active
        if active is not None:
            await self._core.runtime.cache.catch_up()
            await _settle(request, active)
        if request.path.startswith(_SYSTEM) and self._open_routes(exposure).match(_below_system(request)) is not None:
            return PLAIN_BODY_BYTES
        if active is None:
            return 0
        if await holder(active, request, self._core.runtime.clock()) is not None:
            return sys.maxsize
        exchange = await located(request, "", active)
        return PLAIN_BODY_BYTES if exchange.public else 0

    async def answer(self, request: Request, exposure: Exposure = NOTHING) -> Answer:
        """The answer to ``request``, whatever happens, on a listener with ``exposure``."""
        began = perf_counter_ns()
        request_id = new_request_id()
        core = self._core
        core.runtime.in_flight[request_id] = request, began
        status = _CUT_OFF
        marks: Headers = ()
        answer = None
        try:
            active = core.active
            if active is not None:
                if core.runtime.cache.behind:
                    await core.runtime.cache.catch_up()
                await _settle(request, active)
                if active.guards.on:
                    marks, answer = await self._guarded(request, request_id, active)
            if answer is None and request.path.startswith(_SYSTEM):
                answer = await self._open(request, request_id, exposure)
            if answer is None:
                answer = await self._logical(request, request_id)
            status = answer.status
        except Exception as error:  # noqa: BLE001 - the one place where bugs end
            answer = self._failure(error, request_id)
            status = answer.status
        finally:
            del core.runtime.in_flight[request_id]
            self._meter.finished(status, perf_counter_ns() - began)
        return marked(answer, marks) if marks else answer

    async def open_stream(self, request: Request) -> Stream | Answer | None:
        """What answers the lines of a request, or the answer that it isn't let through; None if its path takes none.

        A stream is one request to quotas and metrics, and counted as it begins.
        """
        began = perf_counter_ns()
        request_id = new_request_id()
        try:
            opened = await self._guarded_stream(request, request_id)
        except Exception as error:  # noqa: BLE001 - as in ``answer``
            opened = self._failure(error, request_id)
        if opened is not None:
            self._meter.finished(opened.status if isinstance(opened, Answer) else 200, perf_counter_ns() - began)
        return opened

    async def _guarded_stream(self, request: Request, request_id: str) -> Stream | Answer | None:
        active = self._core.active
        marks: Headers = ()
        if active is not None:
            await self._core.runtime.cache.catch_up()
            await _settle(request, active)
            if active.guards.on:
                exchange = await located(request, request_id, active)
                if exchange.route is None or exchange.route.item is None:
                    return None  # It is counted as the request that it turns out to be.
                marks, stopped = await self._guarded(request, request_id, active)
                if stopped is not None:
                    return stopped
        opened = await self._opened(request, request_id)
        if opened is not None:
            opened.headers = marks
        return opened

    async def _guarded(self, request: Request, request_id: str, active: Active) -> tuple[Headers, Answer | None]:
        """Step 1, where there are cross-origin rules or quotas: headers for the answer, or the answer itself."""
        guards = active.guards
        await guards.load()
        verdict = guards.cors.judge(request)
        if verdict.status is not None:
            return (), Answer(verdict.status, verdict.body, verdict.headers)
        if not guards.quotas.any:
            return verdict.headers, None
        core = self._core
        try:
            exchange = await located(request, request_id, active)
        except (NotFound, Unavailable):
            # The namespace isn't there, or locked, as is answered further on; but whoever looks for one is counted.
            exchange = Exchange(request, request_id, active.root, request.operation, request.path)
        admission = await guards.quotas.admit(exchange, active.lineage(exchange.tenant.namespace), core.runtime.clock())
        marks = (*verdict.headers, *admission.headers)
        if admission.allowed:
            return marks, None
        self._meter.violations += 1
        fault = RateLimited(f'request path "{request.path}": rate limit quota exceeded')
        if admission.audited:
            active.audit.refuse(exchange.audit_request(fault.message or ""), refused(fault, public=True))
        return (), marked(refusal(fault), marks)

    def _failure(self, error: Exception, request_id: str) -> Answer:
        """The answer to a request that ended in ``error``."""
        fault = _fault_of(error)
        if fault is not None:
            if isinstance(error, Conflict | StorageUnavailable):
                log.error("request %s: storage: %s", request_id, error)
            return refusal(fault)
        self.bugs += 1
        self._meter.bugs += 1
        # The message of the exception isn't logged: it may hold what the caller sent.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("request %s ended in %s\n%s", request_id, type(error).__name__, frames)
        return Answer(500, errors_body([internal_error_text(request_id)]))

    async def _open(self, request: Request, request_id: str, exposure: Exposure) -> Answer | None:
        """Serve a route that works while sealed; None if the path isn't one of those."""
        path = _below_system(request)
        match = self._open_routes(exposure).match(path)
        if match is None:
            return None
        if request.unread:
            raise too_large(UNKNOWN_CALLER)
        served, parameters = match
        # These paths can't be listed; a query that asks for a list is a query like any other.
        operation = Operation.READ if request.method == "GET" else request.operation
        route = served.routes.get(operation)
        if route is None or request.internal or (request.head and not route.head):
            return Answer(405, errors_body(()))
        call = _call(request, request_id, operation, path, self._core.runtime.clock())
        body = fields.convert(route.body, {**request.data, **parameters})
        reply = await route.handler(self._open_system, call, body)
        if reply is None:
            return Answer(204, b"")
        status = reply.status or 200
        if reply.raw is not None:
            return raw_answer_to(status, reply.raw)
        return Answer(status, b"" if status in _BODILESS else bare_body(reply.data))

    def _open_routes(self, exposure: Exposure) -> RouteTable:
        routes = open_routes(exposure)
        return routes.sealed if self._core.active is None else routes.unsealed

    async def _ready(self, request: Request) -> Active:
        """The unsealed server, and that it takes the request at all. The cache is up to date already."""
        active = self._core.active
        if active is None:
            raise Sealed
        if request.internal:
            raise InvalidRequest("cannot handle internal-only request operation")
        if request.index:
            # This server gives out no index, so there is none that it could decode.
            raise InvalidRequest('failed to decode "X-Vault-Index"')
        if active.audit.stale:
            await active.audit.load()
        return active

    async def _opened(self, request: Request, request_id: str) -> Stream | None:
        """Steps 2 to 6 of a stream. Its entries are never written together: it may take long."""
        active = await self._ready(request)
        epoch = active.standings.epoch
        exchange = await located(request, request_id, active)
        if exchange.route is None or exchange.route.item is None:
            return None
        call = _call(request, request_id, exchange.operation, exchange.path, self._core.runtime.clock())
        body = await let_in(active, exchange, call, epoch)
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
        now = core.runtime.clock()
        standing = active.standings.find(request, now)
        if standing is not None:
            if request.namespace:
                active.tenants.touch(standing.tenant)
            exchange = standing.exchange(request, request_id)
            if request.large:
                await _prepare(exchange, active)
            call = _call(request, request_id, exchange.operation, standing.found.path, now)
            still, body = await let_in_again(active, standing, exchange, call)
            if still:
                return await self._served(exchange, call, body, active)
        epoch = active.standings.epoch
        exchange = await located(request, request_id, active)
        if request.large:
            await _prepare(exchange, active)
        call = _call(request, request_id, exchange.operation, exchange.path, now)
        try:
            body = await let_in(active, exchange, call, epoch)
            return await self._served(exchange, call, body, active)
        finally:
            token = exchange.token
            if token is not None and token.record.num_uses < 0 and not core.runtime.barrier.sealed:
                await token.store.revoke(token.hash)

    async def _served(self, exchange: Exchange, call: Call, body: Body | None, active: Active) -> Answer:
        """Steps 5 to 8, audited whatever comes of them."""
        writes = exchange.writes or exchange.request.wrap_ttl_seconds > 0
        pending = active.audit.begin(exchange.audit_request(), together=not writes)
        try:
            reply = await self._handled(exchange, call, body)
            answer = answer_to(exchange, call, reply)
            if exchange.request.wrap_ttl_seconds and wrappable(reply, exchange):
                reply = await wrapped(exchange, call, reply, answer)
                answer = answer_to(exchange, call, reply)
        except BaseException as error:
            # Without a name for the fault: it holds this frame, and so all of the request until garbage is looked for.
            active.audit.finish(pending, refused(_fault_of(error) or Fault("internal error"), public=exchange.public))
            if isinstance(error, Fault) and exchange.public:
                error.wrapped = False
            raise
        if isinstance(reply, Reply) and reply.raw is not None:
            response = raw_answer(answer.status, reply.raw.content_type, reply.raw.body)
        elif isinstance(reply, Unwrapped) or (reply is not None and reply.status is not None and reply.status >= 400):
            response = raw_answer(answer.status, "application/json", answer.body)
        else:
            login = exchange.found is not None and exchange.found.live.entry.is_auth and exchange.public
            response = audit_response(None if reply is None else reply.data, reply, call.warnings, login=login)
        if len(answer.body) > LONG_ANSWER_BYTES:
            await active.audit.hide_answer(response, exchange.subject())
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
            return Reply(help_answer(found.live.entry.engine_type, found.served, found.path))
        if route is None or exchange.request.head:
            raise _without_route(found.served, exchange)
        if route.item is not None and not exchange.request.lines:
            raise InvalidRequest(f"this path takes lines of JSON, sent as {LINES_TYPE.decode()}")
        if route.item is not None and exchange.request.wrap_ttl_seconds:
            raise InvalidRequest("the answer to a stream can't be wrapped")
        if body is None:
            body = convert_body(exchange)
        if route.access is Access.PUBLIC and found.live.entry.is_auth:
            reply = await log_in(self._core.runtime, exchange.tenant, found.live, route, call, body)
        else:
            reply = await route.handler(found.live.engine, call, body)
        if isinstance(reply, Issued) and reply.auth.entity_id:
            # The request itself may have changed the caller's entity.
            await self._core.runtime.cache.catch_up()
            reply.identity_policies = await exchange.tenant.personas.policies(reply.auth.entity_id)
        if reply is None or reply.status is None:
            _warn_of_parameters(call, route, found)
        return reply


async def _prepare(exchange: Exchange, active: Active) -> None:
    """Do beside the event loop what takes long with many parameters or large ones, whatever comes of the request."""
    mount = None if exchange.found is None else exchange.found.live.audit
    exchange.hidden = await active.audit.hide(exchange.request.data, mount)


def _warn_of_parameters(call: Call, route: Row[Any], found: Found) -> None:
    """Say what of the request wasn't taken. Answers that choose their status are finished already, as OpenBao's are."""
    unknown = fields.unknown_parameters(route.body, call.given)
    if unknown:
        call.warn(fields.ignored_warning(unknown))
    replaced = found.parameters.keys() & call.given.keys()
    if route.body.path_only:
        replaced |= route.body.path_only & call.given.keys()
    if replaced:
        call.warn(fields.replaced_warning(replaced))


def _fault_of(error: BaseException) -> Fault | None:
    """How a client is told of ``error``; None if it is a bug."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, BarrierSealed):
        return Sealed()  # It was sealed while this request was under way.
    if isinstance(error, KeyTooLong):
        return InvalidRequest("a name in the request is too long")
    if isinstance(error, Conflict | StorageUnavailable):
        return Unavailable("storage is unavailable")
    return None


def _below_system(request: Request) -> str:
    return request.path[len(_SYSTEM) :].removesuffix("/")


async def _settle(request: Request, active: Active) -> None:
    """Find out which namespace ``request`` is for; costs three comparisons where there is only the root namespace."""
    if active.namespaces.stale:
        await active.load_namespaces()
    if active.namespaces.by_path or request.in_namespace:
        resolve_namespace(request, active.namespaces)


def _unserved(found: Found) -> Fault:
    """No pattern matches; but a path that can be listed is known with a trailing slash too."""
    if found.path.endswith("/"):
        match = route_table(found.live.type).match(found.path[:-1])
        if match is not None and Operation.LIST in match[0].routes:
            return UnsupportedOperation()
    return UnsupportedPath()


def _without_route(served: Served, exchange: Exchange) -> Fault:
    """The path matches without the operation; but the path of a list ends in a slash, which few patterns have."""
    if exchange.operation in LISTS and Operation.LIST not in served.routes and not served.pattern.endswith(_REST):
        return UnsupportedPath()
    return UnsupportedOperation()


def _call(request: Request, request_id: str, operation: Operation, path: str, now: float) -> Call:
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
