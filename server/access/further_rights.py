"""Rights on another path of the mount, for routes whose parameters amount to a write there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.base import Caller, Operation
from server.tenants.policies.parameters import Taken
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
    match = (await tenant.mounts.router()).find(mount_path + path)
    if match is None or match.endpoint is None or Operation.UPDATE not in match.endpoint.routes:
        return False
    taken = Taken(match.endpoint.routes[Operation.UPDATE].body, match.parameters)
    acl = await token.store.rights(token)
    return acl.check(Operation.UPDATE, below + mount_path + path, parameters, None, taken).allowed
