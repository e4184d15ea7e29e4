"""Rights on another path of the mount, for routes whose parameters amount to a write there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.base import Caller, Operation
from server.tenants.policies.parameters import Taken
from server.tenants.policies.path_spelling import judged
from server.tenants.tenant import Tenant
from server.tenants.tokens.store import Token


async def may_update(
    tenant: Tenant, mount_path: str, caller: Caller | None, path: str, parameters: Mapping[str, Any]
) -> bool:
    """Whether ``caller`` may write ``parameters`` to ``path`` of the mount at ``mount_path``."""
    token = None if caller is None else caller.handle
    below = tenant.namespace.below(token.store.namespace) if isinstance(token, Token) else None
    if below is None or not isinstance(token, Token):
        return False
    match = (await tenant.mounts.router()).find_for(Operation.UPDATE, mount_path + path)
    route = None if match is None else match.route_for(Operation.UPDATE)
    if match is None or route is None:
        return False
    acl, judged_path = judged(await token.store.rights(token), below, match, mount_path + path, listing=False)
    return acl.check(Operation.UPDATE, judged_path, parameters, None, Taken(route.body, match.parameters)).allowed
