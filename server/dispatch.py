"""The one way of a request through the server, from a parsed request to the bytes of its answer.

    1  namespace and mount        4  quota (its place; there are none yet)     7  answer
    2  token                      5  audit: "request"                          8  audit: "response"
    3  policies                   6  handler

Whatever goes wrong once the namespace is known is audited too. A fault is answered in Vault's words; anything else is
a bug, logged under the request's id and answered with a fixed text, so that nothing leaks.
"""

from __future__ import annotations

import logging
import os
import traceback
from dataclasses import dataclass
from typing import Any

from compat.requests import Request

from auth_methods.base import Login
from compat import envelope, fields, statuses
from engines.base import Access, Body, Call, Caller, Operation, Reply, Route
from engines.faults import (
    Denied,
    Fault,
    InvalidRequest,
    NotFound,
    Sealed,
    Unauthenticated,
    UnsupportedOperation,
    UnsupportedPath,
)
from server.acl import Acl, Decision
from server.core import Core
from server.logins import issue
from server.mounts import Found
from server.routing import RouteTable
from server.system import System
from server.system.openapi import help_answer
from server.tenants import Tenant
from server.tokens import Token

log = logging.getLogger("cryptoserve.requests")

_SYSTEM = "sys/"
_LISTS = (Operation.LIST, Operation.SCAN)
_NO_DECISION = Decision(allowed=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, but for the headers that every one has."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    json: bool = True


@dataclass(slots=True)
class Exchange:
    """What is known of one request so far; the audit entries are made from it."""

    request: Request
    request_id: str
    operation: Operation
    path: str
    """The path as policies and the audit see it: that of a list ends in ``/``."""

    found: Found | None = None
    route: Route | None = None
    token: Token | None = None
    decision: Decision = _NO_DECISION


class Dispatcher:
    """Answers requests from what ``core`` has at the time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._open_system = System(core, None)
        self._open_routes = RouteTable(route for route in System.routes if route.access is Access.OPEN)
        self.bugs = 0
        """How many requests ended in an exception that nobody planned."""

    async def answer(self, request: Request) -> Answer:
        """The answer to ``request``, whatever happens."""
        request_id = _new_request_id()
        try:
            if request.path.startswith(_SYSTEM):
                answer = await self._open(request, request_id)
                if answer is not None:
                    return answer
            return await self._logical(request, request_id)
        except Fault as fault:
            return _refusal(fault)
        except Exception as bug:  # noqa: BLE001 - the one place where bugs end
            self.bugs += 1
            frames = "".join(traceback.format_tb(bug.__traceback__))
            # The message of the exception isn't logged: it may hold what the caller sent.
            log.error("request %s ended in %s\n%s", request_id, type(bug).__name__, frames)
            return Answer(500, envelope.errors([f"internal error (request {request_id})"]))

    async def _open(self, request: Request, request_id: str) -> Answer | None:
        match = self._open_routes.match(request.path[len(_SYSTEM) :])
        if match is None:
            return None
        served, parameters = match
        route = served.routes.get(request.operation)
        if route is None or (request.method == "HEAD" and not route.head):
            return Answer(405, envelope.errors([]))
        call = _call(request, request_id, None, request.path[len(_SYSTEM) :], self._core.clock())
        body = fields.convert(route.body, {**request.data, **parameters})
        reply = await route.handler(self._open_system, call, body)
        if reply is None:
            return Answer(204, b"")
        return Answer(reply.status or 200, envelope.bare(reply.data))

    async def _logical(self, request: Request, request_id: str) -> Answer:
        core = self._core
        active = core.active
        if active is None:
            raise Sealed
        await core.cache.catch_up()
        tenant = active.tenant(request.namespace)
        if tenant is None:
            raise NotFound("namespace not found")
        now = core.clock()
        exchange = await self._located(request, request_id, tenant)
        audit = active.audit
        try:
            body, call = await self._admitted(exchange, tenant, now)
        except Fault as fault:
            audit.refused(exchange, fault)
            raise
        pending = audit.begin(exchange, together=exchange.route is None or not exchange.route.writes)
        try:
            reply = await self._handled(exchange, tenant, call, body)
            answer = _answer(exchange, call, body, reply)
        except BaseException as error:
            audit.finish_with_error(pending, error if isinstance(error, Fault) else None)
            raise
        finally:
            if exchange.token is not None and exchange.token.record.num_uses < 0:
                await tenant.tokens.revoke(exchange.token.hash)
        audit.finish(pending, reply)
        return answer

    async def _located(self, request: Request, request_id: str, tenant: Tenant) -> Exchange:
        """Step 1: the mount and the row of its route table."""
        operation, path = request.operation, request.path
        router = await tenant.mounts.router()
        if operation in _LISTS:
            bare = path.removesuffix("/")
            exchange = Exchange(request, request_id, operation, bare + "/")
            exchange.found = router.find(bare) or router.find(bare + "/")
        else:
            exchange = Exchange(request, request_id, operation, path)
            exchange.found = router.find(path) or router.find(path + "/")
        if exchange.found is not None and exchange.found.served is not None:
            exchange.route = exchange.found.served.routes.get(operation)
        return exchange

    async def _admitted(self, exchange: Exchange, tenant: Tenant, now: float) -> tuple[Body | None, Call]:
        """Steps 2 to 4: who calls, and whether they may. Faults from here are refusals."""
        request, route, found = exchange.request, exchange.route, exchange.found
        call = _call(request, exchange.request_id, None, exchange.path if found is None else found.path, now)
        if route is not None and route.access is Access.PUBLIC:
            assert found is not None, "a route belongs to a mount"
            await self._identified(exchange, tenant, call, optional=found.live.entry.is_auth)
            return None, call
        token = await self._identified(exchange, tenant, call, optional=False)
        assert token is not None, "only public routes go without"
        acl = await _acl(token, tenant)
        body = None
        if found is not None and found.served is not None and found.served.exists is not None and route is not None:
            body = _convert(exchange, bare_errors=True)
            if not await found.served.exists(found.live.engine, call, body):
                exchange.operation = call.operation = Operation.CREATE
        decision = acl.check(exchange.operation, exchange.path, request.data, request.wrap_ttl_seconds)
        exchange.decision = decision
        call.sudo = decision.sudo
        if token.record.num_uses:
            try:
                exchange.token = token = await tenant.tokens.use(token)
            except LookupError:
                raise Unauthenticated from None
        call.caller = _caller(token)
        if not decision.allowed or (route is not None and route.access is Access.SUDO and not decision.sudo):
            raise Denied
        return body, call

    async def _identified(self, exchange: Exchange, tenant: Tenant, call: Call, *, optional: bool) -> Token | None:
        token_id = exchange.request.token
        token = await tenant.tokens.authenticate(token_id, call.now) if token_id else None
        if token is None:
            if optional or (not token_id and exchange.route is not None and exchange.route.access is Access.PUBLIC):
                return None
            raise Unauthenticated
        exchange.token = token
        call.caller = _caller(token)
        return token

    async def _handled(self, exchange: Exchange, tenant: Tenant, call: Call, body: Body | None) -> Reply | None:
        """Step 6. Raises what the handler raises, and faults for paths and verbs that are not there."""
        found, route = exchange.found, exchange.route
        if found is None:
            raise NotFound(f'no handler for route "{exchange.path}". route entry not found.')
        if found.served is None:
            raise _unserved(found, exchange)
        if exchange.operation is Operation.HELP:
            return Reply(help_answer(found.live.entry.type, found.served, found.path))
        if route is None:
            raise UnsupportedOperation
        if exchange.request.wrap_ttl_seconds:
            raise InvalidRequest("response wrapping is not supported by this server yet")
        if body is None:
            body = _convert(exchange)
        reply = await route.handler(found.live.engine, call, body)
        if isinstance(reply, Login):
            reply = await issue(tenant, self._core.mount_of(tenant, found.live.entry), reply, call)
        fields.warn_of_parameters(call, route.body, exchange.request.data, found.parameters)
        return reply


def _unserved(found: Found, exchange: Exchange) -> Fault:
    """No pattern matches; but a path that can be listed is known with a trailing slash too."""
    if found.path.endswith("/"):
        match = found.live.routes.match(found.path[:-1])
        if match is not None and Operation.LIST in match[0].routes:
            return UnsupportedOperation()
    return UnsupportedPath()


def _convert(exchange: Exchange, *, bare_errors: bool = False) -> Body:
    assert exchange.route is not None and exchange.found is not None, "only a found route has a body"
    given: dict[str, Any] = exchange.request.data
    limit = exchange.decision.limit
    if limit and "limit" not in given:
        given = {**given, "limit": limit}
    if exchange.found.parameters:
        given = {**given, **exchange.found.parameters}
    return fields.convert(exchange.route.body, given, bare_errors=bare_errors)


def _answer(exchange: Exchange, call: Call, reply: Reply | None) -> Answer:
    """Step 7."""
    route = exchange.route
    headers = _namespace_header(exchange.request)
    if reply is None:
        if exchange.operation is Operation.READ or exchange.operation in _LISTS:
            raise NotFound
        return Answer(204, b"", headers)
    if exchange.operation in _LISTS and reply.data is not None and not reply.data.get("keys") and not call.warnings:
        raise NotFound
    if exchange.operation is Operation.HELP or (route is not None and route.bare):
        return Answer(reply.status or 200, envelope.bare(reply.data), headers)
    body = envelope.success(
        exchange.request_id, reply.data, call.warnings, reply.auth, echo=route is not None and route.echo
    )
    return Answer(reply.status or 200, body, headers)


async def _acl(token: Token, tenant: Tenant) -> Acl:
    return await tenant.policies.acl(token.record.policies)


def _caller(token: Token) -> Caller:
    record = token.record
    return Caller(record.display_name, record.policies, record.entity_id, record.accessor, token)


def _call(request: Request, request_id: str, caller: Caller | None, path: str, now: float) -> Call:
    return Call(
        request_id=request_id,
        operation=request.operation,
        path=path,
        caller=caller,
        given=request.data,
        now=now,
        remote_address=request.remote_address,
    )


def _refusal(fault: Fault) -> Answer:
    status, texts = statuses.status_and_errors(fault)
    return Answer(status, envelope.errors(texts))


def _namespace_header(request: Request) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"x-vault-namespace", request.namespace_header),) if request.namespace_header else ()


def _new_request_id() -> str:
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
