"""Authorization cache: allowed decisions per token and path, invalidated by any write that they rest on.

Locating the mount and the route, looking the token up and evaluating its policies gives the same result for each of a
client's requests, until a write to a mount, a policy or another key under ``watch``, or the token's end. Such a request
costs one dictionary look-up and one check of its token.

Only results that hold for every request are cached: none if policies constrain parameters, none for tokens with
limited uses or bound addresses, and no refusals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from auth_methods.records import SERVICE
from compat.requests import Request
from engines.base import Caller, Operation, Row
from server.access.request_context import RequestContext
from server.audit.entry import AuditSubject
from server.tenants.mounts.table import Match
from server.tenants.policies.acl import Decision
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token
from storage.view import View

MAX_KEPT = 10_000
"""The most cached decisions; beyond it all are dropped, and those in use return with their next request."""

MAX_PATH_CHARACTERS = 512
"""The longest path of a cached decision, in characters."""

_Key: TypeAlias = tuple[str, str, Operation, str, str]


class CachedDecision(Struct, frozen=True):
    """The common part of all requests of one token for one path: their context without the request itself."""

    tenant: Tenant
    operation: Operation
    path: str
    match: Match
    route: Row[Any]
    token: Token
    identity: object
    """The effective identity of the token's entity; see ``server.tenants.identity.effective_identity``."""

    caller: Caller
    decision: Decision
    subject: AuditSubject
    valid_until: float
    """Seconds since the epoch; the earliest expiry of a policy that counts."""


class DecisionCache:
    """Allowed decisions per token and path, until something that they depend on changes."""

    def __init__(self) -> None:
        self._known: dict[_Key, CachedDecision] = {}
        self.epoch = 0
        """Changes whenever all is forgotten; what was decided before that is not to be added after it."""

    def watch(self, view: View, key: str = "") -> None:
        """Forget everything when an entry of ``view`` that begins with ``key`` may have changed."""
        view.watch(self.forget, key)

    def find(self, request: Request, request_id: str, now: float) -> RequestContext | None:
        """The context of ``request`` if an equal one was allowed, or None."""
        if request.wrap_ttl_seconds or request.index:
            return None
        known = self._known.get((request.token, request.method, request.operation, request.path, request.namespace))
        if known is None or now >= known.valid_until:
            return None
        token = known.token
        if token.identity is not known.identity or not token.store.is_current(token, now):
            return None
        return RequestContext(
            request,
            request_id,
            known.tenant,
            known.operation,
            known.path,
            known.match,
            known.route,
            token,
            known.caller,
            known.decision,
            known.subject,
        )

    def add(self, epoch: int, context: RequestContext, valid_until: float) -> None:
        """Cache the decision about ``context``, made since ``epoch``, if it holds for every equal request.

        ``valid_until`` is the earliest expiry of a policy that counts, in seconds since the epoch.
        """
        request, token, caller, decision = context.request, context.token, context.caller, context.decision
        match, route = context.match, context.route
        if epoch != self.epoch or request.head or request.wrap_ttl_seconds or context.operation is Operation.CREATE:
            return
        if len(request.path) > MAX_PATH_CHARACTERS:
            return
        if token is None or caller is None or decision is None or match is None or route is None:
            return
        record = token.record
        if route.wrapping_token or record.type != SERVICE or record.num_uses or record.bound_cidrs:
            return
        if decision.conditional:
            return
        if len(self._known) >= MAX_KEPT:
            self._known.clear()
        key = request.token, request.method, request.operation, request.path, request.namespace
        self._known[key] = CachedDecision(
            context.tenant,
            context.operation,
            context.path,
            match,
            route,
            token,
            token.identity,
            caller,
            decision,
            context.audit_subject(),
            valid_until,
        )

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[CachedDecision]:
        return iter(self._known.values())

    def forget(self) -> None:
        """Forget everything, as when a cached token or tenant ends."""
        self.epoch += 1
        self._known.clear()
