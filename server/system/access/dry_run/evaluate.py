"""``policies/acl-evaluate``: whether a request would be allowed, and by which rule. Nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.base import Body, Call, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest
from engines.fields import CommaList, Duration
from server.system.access.dry_run.trial import OPERATIONS, Asker, Trial, drafts_of
from server.system.state import System
from server.tenants.tokens.store import Token, token_of


class EvaluateBody(Body):
    """A request, and who makes it."""

    path: str = ""
    operation: str = "read"
    parameters: Any = {}
    wrap_ttl: Duration = 0
    accessor: str = ""
    entity_id: str = ""
    policies: CommaList = []
    drafts: Any = {}

    tells = {
        "path": "Required. The path, as after `/v1/` in a request.",
        "operation": "`create`, `read`, `update`, `patch`, `delete`, `list` or `scan`.",
        "parameters": "The parameters of the request, by name.",
        "wrap_ttl": "The TTL of the response wrapping, as a duration.",
        "accessor": "The accessor of the token to evaluate. Default, without the next two: the calling token.",
        "entity_id": "An entity to evaluate, with its policies and those of its groups alone.",
        "policies": "Names of policies to evaluate, or further ones of the entity's token.",
        "drafts": "Texts of policies by name, which replace the stored ones; null for a deleted policy.",
    }


async def evaluate(system: System, call: Call, body: EvaluateBody) -> Reply:
    """Tell whether a request would be allowed, and by which rule."""
    if not body.path.strip("/"):
        raise InvalidRequest("missing path")
    operation = OPERATIONS.get(body.operation)
    if operation is None:
        raise InvalidRequest(f"operation: must be one of {', '.join(sorted(OPERATIONS))}")
    if not isinstance(body.parameters, Mapping):
        raise InvalidRequest("parameters: must be an object")
    asker = await _asker(system, call, body)
    acl = await asker.acl(system, await drafts_of(system, body.drafts))
    trial = Trial(await system.tenant.mounts.router(), operation, body.path.lstrip("/"))
    return Reply({"policies": list(asker.names), **trial.told(acl, body.parameters, body.wrap_ttl or None)})


async def _asker(system: System, call: Call, body: EvaluateBody) -> Asker:
    if body.entity_id:
        identity = await system.tenant.identities.of(body.entity_id)
        if identity is None:
            raise InvalidRequest("entity_id: there is no such entity")
        return Asker(tuple(sorted({*body.policies, *identity.policies})), identity)
    if body.policies:
        return Asker(tuple(sorted(set(body.policies))))
    token: Token | None
    if body.accessor:
        token = await system.tenant.tokens.by_accessor(body.accessor, call.now)
        if token is None or not await system.tenant.identities.is_valid(token):
            raise InvalidRequest("invalid accessor")
    else:
        assert call.caller is not None, "the path needs a token"
        token = token_of(call.caller)
        if token.namespace_path != system.tenant.namespace.path:
            raise InvalidRequest("the calling token is another namespace's: name an accessor, an entity or policies")
    identity = token.identity
    names = {*token.record.policies, *(() if identity is None else identity.policies)}
    return Asker(tuple(sorted(names)), identity)


EVALUATE_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.UPDATE, "policies/acl-evaluate", evaluate, EvaluateBody,
          "Evaluate whether policies allow a request, and by which rule.", writes=False, scope=Scope.EACH),
)  # fmt: skip
