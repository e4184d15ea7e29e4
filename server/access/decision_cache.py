"""What is known of callers: that a token may do an operation on a path, kept for as long as nothing has changed.

Finding the mount and the route, looking the token up and asking its policies gives the same answer for each of a
client's requests, until a mount, a policy or another thing that ``watch`` names is written, or the token ends. So a
busy client is let in by one look into a dictionary and one at its token.

Only what is the same for every request is kept: not where the policies look at parameters, where a token counts its
uses or is bound to addresses, nor what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from auth_methods.records import SERVICE
from compat.requests import Request
from engines.base import Caller, Operation, Row
from server.access.request_context import Exchange, caller_of
from server.audit.entry import AuditSubject
from server.tenants.identity.effective_identity import Persona
from server.tenants.mounts.table import Found
from server.tenants.policies.acl import Decision
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token
from storage.view import View

MAX_KEPT = 10_000
"""How many are kept; when there are more, all are forgotten and those in use come back at their next request."""

MAX_PATH_CHARACTERS = 512
"""The longest path of a request that is kept."""

_Key: TypeAlias = tuple[str, str, Operation, str, str]


class Standing(Struct, frozen=True):
    """One caller on one path: what admission has found out."""

    tenant: Tenant
    operation: Operation
    path: str
    found: Found
    route: Row[Any]
    token: Token
    persona: Persona | None
    """What the token's entity came to; see ``server.tenants.identity.effective_identity``."""

    caller: Caller
    decision: Decision
    subject: AuditSubject
    valid_until: float
    """Seconds since the epoch; a policy expires then."""

    def exchange(self, request: Request, request_id: str) -> Exchange:
        """The exchange of a further request, as admission would leave it."""
        return Exchange(
            request,
            request_id,
            self.tenant,
            self.operation,
            self.path,
            self.found,
            self.route,
            self.token,
            self.decision,
            self.subject,
        )


class Standings:
    """Those that are known, until something that they rest on changes."""

    def __init__(self) -> None:
        self._known: dict[_Key, Standing] = {}
        self.epoch = 0
        """Another number whenever all was forgotten; what was found out before that is not to be added after it."""

    def watch(self, view: View, key: str = "") -> None:
        """Forget everything whenever an entry of ``view`` that begins with ``key`` may have changed."""
        view.watch(self.forget, key)

    def find(self, request: Request, now: float) -> Standing | None:
        """What is known of the caller of ``request``."""
        if request.wrap_ttl_seconds:
            return None
        known = self._known.get(_key(request))
        if known is None or now >= known.valid_until or known.token.persona is not known.persona:
            return None
        return known if known.token.store.is_current(known.token, now) else None

    def add(self, epoch: int, exchange: Exchange, valid_until: float) -> None:
        """Keep what was found out about ``exchange`` since ``epoch``, if the next request will find the same.

        ``valid_until`` is when a policy that has a say expires, seconds since the epoch.
        """
        request, token, decision = exchange.request, exchange.token, exchange.decision
        found, route = exchange.found, exchange.route
        if epoch != self.epoch or request.head or request.wrap_ttl_seconds or exchange.operation is Operation.CREATE:
            return
        if len(request.path) > MAX_PATH_CHARACTERS:
            return
        if token is None or decision is None or found is None or route is None or route.wrapping_token:
            return
        record = token.record
        if record.type != SERVICE or record.num_uses or record.bound_cidrs or decision.conditional:
            return
        if len(self._known) >= MAX_KEPT:
            self._known.clear()
        self._known[_key(request)] = Standing(
            exchange.tenant,
            exchange.operation,
            exchange.path,
            found,
            route,
            token,
            token.persona,
            caller_of(token),
            decision,
            exchange.subject(),
            valid_until,
        )

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._known.values())

    def forget(self) -> None:
        """Forget everything, as when something ends that a standing holds."""
        self.epoch += 1
        self._known.clear()


def _key(request: Request) -> _Key:
    return request.token, request.method, request.operation, request.path, request.namespace
