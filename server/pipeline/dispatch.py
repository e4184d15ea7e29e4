"""Dispatcher: takes a parsed request through all steps to the bytes of its answer.

    1  cross-origin rules, quotas     4  creation or update    7  audit: "request"
    2  namespace, mount, route        5  policies              8  handler
    3  token                          6  a use of the token    9  answer, wrapped if asked; audit: "response"

Steps 2 to 6 are in ``server.pipeline.authorize``, 7 to 9 in ``server.pipeline.execute``; a cached decision replaces
2, 3 and 5.

Quotas come first, so that they also limit guesses at tokens; without any, they cost one check of a flag.

Failures are audited once the namespace is known. A fault is answered in Vault's words; any other exception is a bug,
logged under the request's id and answered with a fixed text, so that nothing leaks.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from copy import copy
from time import perf_counter_ns

from msgspec.structs import replace

from compat import fields
from compat.envelope import bare_body, errors_body
from compat.requests import Request
from compat.statuses import internal_error_text
from engines.base import LISTS, Operation
from engines.base.routing import RouteTable
from engines.faults import (
    Fault,
    InvalidRequest,
    NotFound,
    RateLimited,
    Sealed,
    Unavailable,
)
from server.access.request_context import RequestContext
from server.audit.entry import refusal as refused
from server.core.lifecycle import Core
from server.core.unsealed import Unsealed
from server.pipeline.authorize import admit, call_to, end_used_up, holder, locate
from server.pipeline.execute import execute, handle
from server.pipeline.faults import fault_of
from server.pipeline.large_bodies import (
    HELD_SECONDS,
    MAX_HELD,
    PLAIN_BODY_BYTES,
    TURN_SECONDS,
    UNKNOWN_CALLER,
    Turns,
    too_large,
)
from server.pipeline.open_routes import NOTHING, ListenerPermissions, open_routes
from server.pipeline.resolve import refuse_in_namespace, resolve_namespace
from server.pipeline.response import Answer, Headers, marked, raw_answer_to, refusal
from server.pipeline.stream import Stream
from server.runtime.identifiers import new_request_id
from server.runtime.log_limits import LimitedLog
from server.runtime.request_log import log_request, request_logging
from server.system.state import System
from storage.base import Conflict
from storage.base import Unavailable as StorageUnavailable

log = logging.getLogger(__name__)

_SYSTEM = "sys/"
_BODILESS = (204, 304)

_refusals = LimitedLog(log)
_storage_errors = LimitedLog(log)

_CUT_OFF = 499
"""The status counted for an aborted request, whose client has gone or whose time was up."""


class Dispatcher:
    """Answers requests by the state of ``core``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._open_system = System(core, None)
        self._meter = core.runtime.meter
        self._mounts = self._meter.mounts
        self.held = Turns(MAX_HELD, HELD_SECONDS)
        """Places for large bodies, on all listeners."""
        self.turns = Turns(1, TURN_SECONDS)
        """Turns for processing large bodies."""
        self.bugs = 0
        """The number of requests in this process that ended in an unexpected exception."""

    async def body_bound(self, request: Request, permissions: ListenerPermissions) -> int:
        """The number of body bytes to read for ``request``, which is given without it.

        With a valid token, all; for a path that needs none, few; otherwise none.
        """
        try:
            return await self._body_bound(copy(request), permissions)
        except Exception:  # noqa: BLE001 - ``answer`` meets and reports it too
            return 0

    async def _body_bound(self, request: Request, permissions: ListenerPermissions) -> int:
        unsealed = self._core.unsealed
        if unsealed is not None:
            await self._core.runtime.cache.catch_up()
            await _resolve(request, unsealed)
        if (
            request.path.startswith(_SYSTEM)
            and self._open_routes(permissions).match(_below_system(request)) is not None
        ):
            return PLAIN_BODY_BYTES
        if unsealed is None:
            return 0
        if await holder(unsealed, request, self._core.runtime.clock()) is not None:
            return sys.maxsize
        context = await locate(request, "", unsealed)
        return PLAIN_BODY_BYTES if context.public else 0

    async def answer(self, request: Request, permissions: ListenerPermissions = NOTHING) -> Answer:
        """The answer to ``request``, in every case, on a listener with ``permissions``."""
        began = perf_counter_ns()
        request_id = new_request_id()
        core = self._core
        core.runtime.in_flight[request_id] = request, began
        status = _CUT_OFF
        marks: Headers = ()
        answer = None
        try:
            unsealed = core.unsealed
            if unsealed is not None:
                if core.runtime.store.revision != core.runtime.cache.revision:
                    await core.runtime.cache.catch_up()
                namespaces = unsealed.namespaces
                if namespaces.stale or namespaces.by_path or request.in_namespace:
                    await _resolve(request, unsealed)
                if unsealed.crypto_policies.stale:
                    await unsealed.crypto_policies.load()
                if unsealed.guards.on:
                    marks, answer = await self._guarded(request, request_id, unsealed)
            if answer is None and request.path.startswith(_SYSTEM):
                answer = await self._open(request, request_id, permissions)
            if answer is None:
                answer = await self._logical(request, request_id)
            status = answer.status
        except Exception as error:  # noqa: BLE001 - the one place where bugs end
            answer = self._failure(error, request_id)
            status = answer.status
        finally:
            del core.runtime.in_flight[request_id]
            nanoseconds = perf_counter_ns() - began
            self._meter.finished(status, nanoseconds)
            if request_logging.on:
                _log_request(request, request_id, status, nanoseconds)
        if marks:
            answer = marked(answer, marks)
        answer.request_id = request_id
        return answer

    async def open_stream(self, request: Request) -> Stream | Answer | None:
        """The stream of a request, or the answer that refuses it; None if its path has no stream.

        Quotas and metrics count a stream as one request, at its beginning.
        """
        began = perf_counter_ns()
        request_id = new_request_id()
        try:
            opened = await self._guarded_stream(request, request_id)
        except Exception as error:  # noqa: BLE001 - as in ``answer``
            opened = self._failure(error, request_id)
        if opened is not None:
            status, nanoseconds = opened.status if isinstance(opened, Answer) else 200, perf_counter_ns() - began
            self._meter.finished(status, nanoseconds)
            opened.request_id = request_id
            if request_logging.on:
                _log_request(request, request_id, status, nanoseconds)
        return opened

    async def _guarded_stream(self, request: Request, request_id: str) -> Stream | Answer | None:
        unsealed = self._core.unsealed
        marks: Headers = ()
        if unsealed is not None:
            await self._core.runtime.cache.catch_up()
            await _resolve(request, unsealed)
            await unsealed.crypto_policies.load()
            if unsealed.guards.on:
                context = await locate(request, request_id, unsealed)
                if context.route is None or context.route.item is None:
                    return None  # It is counted later, as an ordinary request.
                marks, stopped = await self._guarded(request, request_id, unsealed)
                if stopped is not None:
                    return stopped
        opened = await self._opened(request, request_id)
        if opened is not None:
            opened.headers = marks
        return opened

    async def _guarded(self, request: Request, request_id: str, unsealed: Unsealed) -> tuple[Headers, Answer | None]:
        """Step 1, if there are cross-origin rules or quotas: headers for the answer, or the answer itself."""
        guards = unsealed.guards
        await guards.load()
        verdict = guards.cors.judge(request)
        if verdict.status is not None:
            return (), Answer(verdict.status, verdict.body, verdict.headers)
        if not guards.quotas.any:
            return verdict.headers, None
        core = self._core
        try:
            context = await locate(request, request_id, unsealed)
        except (NotFound, Unavailable):
            # A missing or locked namespace is answered further on; attempts are counted all the same.
            context = RequestContext(request, request_id, unsealed.root, request.operation, request.path)
        admission = await guards.quotas.admit(context, unsealed.lineage(context.tenant.namespace), core.runtime.clock())
        marks = (*verdict.headers, *admission.headers)
        if admission.allowed:
            return marks, None
        self._meter.violations += 1
        fault = RateLimited(f'request path "{request.path}": rate limit quota exceeded')
        if admission.audited:
            await unsealed.audit.refuse(context.audit_request(fault.message or ""), refused(fault, public=True))
        return (), marked(refusal(fault), marks)

    def _failure(self, error: Exception, request_id: str) -> Answer:
        """The answer to a request that ended in ``error``."""
        fault = fault_of(error)
        if fault is not None:
            if isinstance(error, Conflict | StorageUnavailable):
                _storage_errors.error("request %s: storage: %s", request_id, error)
            return refusal(fault)
        self.bugs += 1
        self._meter.bugs += 1
        # The exception's message isn't logged: it may hold the caller's input.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("request %s ended in %s\n%s", request_id, type(error).__name__, frames)
        return Answer(500, errors_body([internal_error_text(request_id)]))

    async def _open(self, request: Request, request_id: str, permissions: ListenerPermissions) -> Answer | None:
        """Serve a route that works while sealed; None if the path isn't one of those."""
        path = _below_system(request)
        match = self._open_routes(permissions).match(path)
        if match is None:
            return None
        if request.unread:
            raise too_large(UNKNOWN_CALLER)
        endpoint, parameters = match
        if request.namespace:
            refuse_in_namespace(endpoint)
        # These paths can't be listed; a ``list`` query has no effect.
        operation = Operation.READ if request.method == "GET" else request.operation
        route = endpoint.routes.get(operation)
        if route is None or request.internal or (request.head and not route.head):
            return Answer(405, errors_body(()))
        call = call_to(request, request_id, operation, path, self._core.runtime.clock())
        body = fields.convert(route.body, {**request.data, **parameters})
        if route.guarded_by and getattr(body, route.guarded_by) and self._core.unsealed is not None:
            return None
        try:
            reply = await route.handler(self._open_system, call, body)
        except Fault as fault:
            if operation is Operation.UPDATE:  # A refused share, for example.
                _refusals.warning(
                    "%s refused: %s", request.path, fault, request=request_id, address=request.remote_address
                )
            raise
        if reply is None:
            return Answer(204, b"")
        status = reply.status or 200
        if reply.raw is not None:
            return raw_answer_to(status, reply.raw)
        return Answer(status, b"" if status in _BODILESS else bare_body(reply.data))

    def _open_routes(self, permissions: ListenerPermissions) -> RouteTable:
        routes = open_routes(permissions)
        return routes.sealed if self._core.unsealed is None else routes.unsealed

    def _located(self, context: RequestContext) -> None:
        """Count the request at its mount. Every request whose path is of a known namespace comes by."""
        if context.match is not None:
            mount = context.tenant.namespace.path, context.match.mounted.entry.path
            if mount in self._mounts.numbers:
                self._mounts.numbers[mount] += 1
            else:
                self._mounts.add(mount)

    async def _opened(self, request: Request, request_id: str) -> Stream | None:
        """Steps 2 to 8 of a stream. Its two entries are never written together, since it may take long."""
        unsealed = self._core.unsealed
        if unsealed is None:
            raise Sealed
        if unsealed.audit.stale:
            await unsealed.audit.load()
        _check_served(request)
        epoch = unsealed.decisions.epoch
        context = await locate(request, request_id, unsealed)
        if context.route is None or context.route.item is None:
            return None
        self._located(context)
        context, call, body = await admit(unsealed, context, self._core.runtime.clock(), epoch)
        pending = await unsealed.audit.begin(context.audit_request())
        stream = Stream(self._core, unsealed, context, call, pending, self._failure)
        try:
            reply = await handle(self._core.runtime, context, call, body)
            assert reply is not None and reply.each is not None, "the handler of a stream says what answers it"
        except BaseException as error:
            await stream.close(error)
            raise
        stream.each = reply.each
        return stream

    async def _logical(self, request: Request, request_id: str) -> Answer:
        """Steps 2 to 9, with a cached decision or without."""
        unsealed = self._core.unsealed
        if unsealed is None:
            raise Sealed
        if unsealed.audit.stale:
            await unsealed.audit.load()
        now = self._core.runtime.clock()
        epoch = unsealed.decisions.epoch
        context = unsealed.decisions.find(request, request_id, now)
        if context is None:
            _check_served(request)
            context = await locate(request, request_id, unsealed)
        else:
            if request.namespace:
                unsealed.tenants.touch(context.tenant)
            if context.match is not None and not context.match.mounted.type.eager:
                await asyncio.sleep(0)  # As in ``locate``.
        self._located(context)
        if request.large:
            context = await _hide(context, unsealed)
        context, call, body = await admit(unsealed, context, now, epoch)
        try:
            return await execute(self._core.runtime, unsealed, context, call, body)
        finally:
            if context.token is not None and context.token.record.num_uses:
                await end_used_up(context.token)


async def _hide(context: RequestContext, unsealed: Unsealed) -> RequestContext:
    """``context`` with many or large parameters hidden for the audit, computed in a thread."""
    mount = None if context.match is None else context.match.mounted.audit
    return replace(context, hidden=await unsealed.audit.hide(context.request.data, mount))


def _check_served(request: Request) -> None:
    """Raise ``InvalidRequest`` for a request that no path takes."""
    if request.method == "OPTIONS":
        raise InvalidRequest("cannot handle internal-only request operation")
    if request.index:
        # This server issues no index, so none can be decoded.
        raise InvalidRequest('failed to decode "X-Vault-Index"')


def _below_system(request: Request) -> str:
    path = request.path[len(_SYSTEM) :]
    return path.removesuffix("/") if request.operation in LISTS else path


async def _resolve(request: Request, unsealed: Unsealed) -> None:
    """Resolve the namespace of ``request``."""
    if unsealed.namespaces.stale:
        await unsealed.load_namespaces()
    if unsealed.namespaces.by_path or request.in_namespace:
        resolve_namespace(request, unsealed.namespaces)


def _log_request(request: Request, request_id: str, status: int, nanoseconds: int) -> None:
    path = f"{request.namespace}/{request.path}" if request.namespace else request.path
    log_request(request.method, path, status, nanoseconds, request.remote_address, request_id)
