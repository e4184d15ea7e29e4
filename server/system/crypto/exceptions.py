"""Exceptions from rules of crypto policies through the API."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from engines.base import Access, Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.durations import format_time
from server.system.crypto.policies import entity_of, policies_of
from server.system.state import System
from server.tenants.crypto_policies.exceptions import parse_exception
from server.tenants.crypto_policies.records import StoredException

_BESIDE_THE_EXCEPTION = frozenset({"id", "created_time", "entity_id", "expired", "orphaned"})
"""Fields that are shown with an exception and are no part of it."""


class ExceptionIdBody(Body):
    """Names an exception."""

    path_only: ClassVar[frozenset[str]] = frozenset({"id"})

    id: str = ""

    tells = {
        "id": "The id of the exception, chosen by the caller.",
    }


class ExceptionBody(ExceptionIdBody):
    """From which rule, for which keys, why, and until when."""

    policy: Any = UNSET
    rule: Any = UNSET
    select: Any = UNSET
    reason: Any = UNSET
    ticket: Any = UNSET
    expires_at: Any = UNSET

    tells = {
        "policy": "The name of a policy of this namespace.",
        "rule": "The name of its rule, which may be one of its profile.",
        "select": "The keys: `namespace` (below this one), `mount` and `keys` (patterns). Default: all.",
        "reason": "The reason.",
        "ticket": "The ticket of the decision.",
        "expires_at": "The end, in RFC 3339; at most 400 days from now.",
    }


async def list_exceptions(system: System, call: Call, body: Nothing) -> Reply:
    """List the exceptions of this namespace, those that have ended included."""
    found = system.unsealed.crypto_policies.exceptions(system.tenant.namespace.id)
    return Reply({"keys": list(found), "key_info": {name: _shown(system, call, each) for name, each in found.items()}})


async def read_exception(system: System, call: Call, body: ExceptionIdBody) -> Reply | None:
    """Show an exception."""
    found = system.unsealed.crypto_policies.exceptions(system.tenant.namespace.id).get(body.id)
    return None if found is None else Reply({"id": body.id, **_shown(system, call, found)})


def _shown(system: System, call: Call, stored: StoredException) -> dict[str, Any]:
    exception = stored.exception
    policies = system.unsealed.crypto_policies.policies(system.tenant.namespace.id)
    select = msgspec.to_builtins(exception.select)
    shown: dict[str, Any] = {
        **msgspec.to_builtins(exception),
        "select": {name: value for name, value in select.items() if value not in (None, [])},
        "created_time": format_time(stored.created_time),
        "entity_id": stored.entity_id,
    }
    if call.now >= exception.end:
        shown["expired"] = True
    policy = policies.get(exception.policy)
    if policy is None or exception.rule not in policy.rule_names:
        shown["orphaned"] = True
    return shown


async def write_exception(system: System, call: Call, body: ExceptionBody) -> Reply:
    """Make or replace an exception; it holds on all workers before this is answered."""
    given = {name: value for name, value in call.given.items() if name not in _BESIDE_THE_EXCEPTION}
    exception = parse_exception(given, call.now)
    generation = await policies_of(system).put_exception(body.id, exception, entity_of(call))
    return Reply({"id": body.id, "generation": generation})


async def delete_exception(system: System, call: Call, body: ExceptionIdBody) -> None:
    """Delete an exception."""
    await policies_of(system).delete_exception(body.id)


EXCEPTION_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.LIST, "crypto-exceptions", list_exceptions, Nothing, "List the exceptions from crypto policies.",
          writes=False, scope=Scope.EACH),
    Route(Operation.READ, "crypto-exceptions/{id}", read_exception, ExceptionIdBody,
          "Show an exception from a crypto policy.", writes=False, scope=Scope.EACH),
    Route(Operation.UPDATE, "crypto-exceptions/{id}", write_exception, ExceptionBody,
          "Create an exception from a crypto policy.", Access.SUDO, scope=Scope.EACH),
    Route(Operation.DELETE, "crypto-exceptions/{id}", delete_exception, ExceptionIdBody,
          "Delete an exception from a crypto policy.", Access.SUDO, scope=Scope.EACH),
)  # fmt: skip
