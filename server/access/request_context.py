"""The context of a request: what the steps of the pipeline have found, and its audit entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from auth_methods.base import Issued
from auth_methods.records import TokenRecord
from compat.requests import Request
from engines.base import LISTS, Caller, Operation, Row
from server.audit.entry import AuditAuth, AuditRequest, AuditResponse, AuditSubject, AuditToken, Hidden, client_id
from server.tenants.mounts.table import Match
from server.tenants.policies.acl import NOTHING_ALLOWED, Acl, Decision
from server.tenants.policies.parameters import Taken
from server.tenants.policies.path_spelling import judged
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token


class RequestContext(Struct, frozen=True):
    """The findings about a request: each step of the pipeline returns a new context with its finding added."""

    request: Request
    request_id: str
    tenant: Tenant
    operation: Operation
    path: str
    """The path as policies and the audit see it: that of a list ends in ``/``."""

    match: Match | None = None
    """The mount and the pattern of the path; None if there is no mount."""

    route: Row[Any] | None = None
    token: Token | None = None
    caller: Caller | None = None
    """The holder of ``token``, as a handler may know it."""

    decision: Decision | None = None
    """The policies' decision; None before they are asked."""

    subject: AuditSubject | None = None
    """Caller, operation and path for audit entries, if known already."""

    hidden: Hidden | None = None
    """The hidden parameters for audit entries, if computed ahead."""

    admitted: bool = False
    """Whether it is let through because its path is public: no policies are asked then."""

    def __repr__(self) -> str:
        return f"RequestContext({self.request_id}, {self.operation.value} {self.path!r})"

    @property
    def public(self) -> bool:
        """Whether the path needs no token; then error texts are bare, also those for a wrong method."""
        match, route = self.match, self.route
        if match is None or match.endpoint is None:
            return False
        if route is not None:
            return match.is_public(route)
        return self.operation is not Operation.HELP and any(map(match.is_public, match.endpoint.routes.values()))

    def decide(self, token: Token, acl: Acl, lines: Sequence[Struct] | None = None) -> Decision:
        """The decision of ``acl``, the rules of ``token``; ``lines`` are the lines of a stream received so far.

        The path is judged in the one spelling that the route acts on, parameters as the route converts them. A path
        outside of the token's namespace and those below it isn't allowed.
        """
        below = self.tenant.namespace.below(token.store.namespace)
        if below is None:
            return NOTHING_ALLOWED
        match, route, request = self.match, self.route, self.request
        acl, path = judged(acl, below, match, self.path, listing=self.operation in LISTS)
        taken = None if route is None or match is None else Taken(route.body, match.parameters, route.item, lines)
        return acl.check(self.operation, path, request.data, request.wrap_ttl_seconds or None, taken)

    def audit_subject(self) -> AuditSubject:
        """Caller, operation and path for audit entries."""
        if self.subject is not None:
            return self.subject
        token, decision = self.token, self.decision
        allowed = (True if self.admitted else None) if decision is None else decision.allowed
        return AuditSubject(
            operation=self.operation,
            path=self.path,
            namespace=self.tenant.audit,
            mount=None if self.match is None else self.match.mounted.audit,
            token=None if token is None else _described(token),
            allowed=allowed,
            granting_policies=() if decision is None else decision.granting_policies,
        )

    def audit_request(self, fault: str = "") -> AuditRequest:
        """The entry of the request; ``fault`` is the fixed text of a refusal."""
        request, token = self.request, self.token
        return AuditRequest(
            id=self.request_id,
            subject=self.subject or self.audit_subject(),
            data=request.data,
            client_token=request.token,
            remaining_uses=self._remaining_uses(token) if token is not None and token.record.num_uses else 0,
            remote_address=request.remote_address,
            remote_port=request.remote_port,
            wrap_ttl_seconds=request.wrap_ttl_seconds or None,
            sent_headers=request.headers,
            error=fault,
            hidden=self.hidden,
        )

    def _remaining_uses(self, token: Token) -> int:
        """The uses of a limited token before this request took one."""
        uses = token.record.num_uses
        return uses if self.decision is None else max(uses, 0) + 1


def caller_of(token: Token) -> Caller:
    """The holder of ``token``, as a handler may know it."""
    record = token.record
    return Caller(
        record.display_name, record.policies, record.entity_id, record.accessor, token, token.store.namespace.path
    )


def issued_response(reply: Issued, warnings: list[str], context: RequestContext) -> AuditResponse:
    """The entry of an answer with a token."""
    match = context.match
    return AuditResponse(
        data=reply.data,
        auth=_auth(reply.auth, reply.identity_policies),  # Without a time: it is issued just now.
        client_token=reply.auth.id,
        login=match is not None and match.mounted.entry.is_auth and context.public,
        entity_created=reply.entity_created,
        warnings=warnings,
    )


def _described(token: Token) -> AuditToken:
    """The token's part of every entry, made once and kept with the token."""
    described = token.audit
    if described is None:
        record = token.record
        policies = () if token.identity is None else token.identity.policies
        namespace = token.store.namespace
        client = client_id(record.policies, namespace.id, record.entity_id)
        auth = _auth(record, policies, issue_time=record.creation_time)
        described = AuditToken(auth, client, namespace.id, namespace.path)
        token.audit = described
    return described


def _auth(record: TokenRecord, identity_policies: tuple[str, ...], *, issue_time: float = 0) -> AuditAuth:
    return AuditAuth(
        policies=sorted({*record.policies, *identity_policies}) if identity_policies else record.policies,
        token_policies=record.policies,
        identity_policies=sorted(set(identity_policies)),
        accessor=record.accessor,
        display_name=record.display_name,
        metadata=record.metadata,
        entity_id=record.entity_id,
        token_type=record.type,
        ttl_seconds=record.ttl,
        issue_time=issue_time,
        num_uses=record.num_uses,
    )
