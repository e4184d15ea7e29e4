"""One request decided by policies without being made: where it leads, by which rule, and why.

The steps are those of the dispatcher: the path is judged in the spelling of its route, parameters as the route takes
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from compat import fields
from engines.base import LISTS, Access, Operation, Row
from engines.faults import InvalidRequest
from server.system.state import System
from server.tenants.mounts.table import Match, Router
from server.tenants.policies.acl import Acl, Decision
from server.tenants.policies.parameters import Taken
from server.tenants.policies.path_spelling import judged
from server.tenants.policies.store import PolicyHolder
from server.tenants.policies.stored import StoredPolicy

MAX_DRAFTS = 16

OPERATIONS = {operation.value: operation for operation in Operation if operation is not Operation.HELP}

Drafts: TypeAlias = Mapping[str, StoredPolicy | None]
"""Edited policies by name; None for a deleted one."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A caller: the names of its policies, and its identity for their templates."""

    names: tuple[str, ...]
    holder: PolicyHolder | None = None

    async def acl(self, system: System, drafts: Drafts) -> Acl:
        """Its rights in this namespace, with ``drafts``."""
        fill = None if self.holder is None else self.holder.value
        policies = system.tenant.policies
        return await policies.trial(self.names, drafts, fill) if drafts else await policies.acl(self.names, fill)


async def drafts_of(system: System, given: Any) -> Drafts:
    """The edited policies. Raises ``InvalidRequest`` with the place of a mistake."""
    if not isinstance(given, Mapping) or len(given) > MAX_DRAFTS:
        raise InvalidRequest(f"drafts: must be an object of at most {MAX_DRAFTS} policies")
    drafts: dict[str, StoredPolicy | None] = {}
    for name, text in given.items():
        if not (text is None or isinstance(text, str)):
            raise InvalidRequest(f"drafts: {name}: must be the text of a policy, or null")
        try:
            drafts[name.lower()] = None if text is None else await system.tenant.policies.draft(name, text)
        except InvalidRequest as fault:
            raise InvalidRequest(f"drafts: {name}: {fault.message}") from None
    return drafts


@dataclass(slots=True)
class Trial:
    """One kind of request in this namespace: where it leads, without its parameters."""

    router: Router
    operation: Operation
    path: str
    match: Match | None = field(init=False)

    def __post_init__(self) -> None:
        if self.operation in LISTS and not self.path.endswith("/"):
            self.path += "/"
        self.match = self.router.find_for(self.operation, self.path)

    def decide(self, acl: Acl, parameters: Mapping[str, Any], wrap_ttl: float | None) -> tuple[Decision, Acl, str]:
        """The decision, and the ACL and path by which it was made."""
        match, route = self.match, self.route
        acl, path = judged(acl, "", match, self.path, listing=self.operation in LISTS)
        taken = None if route is None or match is None else Taken(route.body, match.parameters, route.item)
        return acl.check(self.operation, path, parameters, wrap_ttl, taken), acl, path

    @property
    def route(self) -> Row[Any] | None:
        """The row that would serve it."""
        return None if self.match is None else self.match.route_for(self.operation)

    def needs_no_policy(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the route that would serve it admits callers without a token. Raises ``InvalidRequest``."""
        match, route = self.match, self.route
        if match is None or route is None:
            return False
        if route.access is Access.OPEN:
            guard = route.guarded_by
            return not (guard and getattr(fields.convert(route.body, {**parameters, **match.parameters}), guard))
        return match.is_public(route)

    def told(self, acl: Acl, parameters: Mapping[str, Any], wrap_ttl: float | None) -> dict[str, Any]:
        """The decision with its reason, for people."""
        decision, used, path = self.decide(acl, parameters, wrap_ttl)
        rule = None if acl.root else used.deciding(self.operation, path)
        route = self.route
        if self.needs_no_policy(parameters):
            allowed, reason = True, "the path needs no token"
        elif acl.root:
            allowed, reason = True, "the root policy allows everything"
        elif rule is None:
            allowed, reason = False, "no rule is for this path"
        elif rule.denies:
            allowed, reason = False, "the rule denies the path"
        elif self.operation.value not in rule.capabilities:
            allowed, reason = False, f"the rule lacks the capability {self.operation.value}"
        elif not decision.allowed:
            allowed, reason = False, "a condition of the rule on parameters, wrapping or limits isn't met"
        elif route is not None and route.access is Access.SUDO and not decision.sudo:
            allowed, reason = False, "the path needs the capability sudo too"
        else:
            allowed, reason = True, "the rule grants it"
        return {
            "allowed": allowed,
            "reason": reason,
            "operation": self.operation.value,
            "path": path,
            "rule": None
            if rule is None
            else {"path": rule.path, "policies": list(rule.policies), "capabilities": sorted(rule.capabilities)},
            "granting_policies": list(decision.granting_policies) if allowed else [],
            "sudo": decision.sudo,
        }
