"""The system engine, built in at ``sys/``: administration of the server through its API.

One ``System`` serves one namespace. Another, without a namespace, serves the routes that work while the server is
sealed. The API is the table in ``server.system.routes``; each handler is in the module named for its noun.
"""

from __future__ import annotations

from engines.faults import Sealed
from server.core.lifecycle import Core
from server.core.unsealed import Unsealed
from server.seal.barrier_rotation import rotate_when_due
from server.tenants.tenant import Tenant


class System:
    """``sys`` of ``tenant``; without one, of a server that may be sealed."""

    def __init__(self, core: Core, tenant: Tenant | None) -> None:
        self.core = core
        self._tenant = tenant

    @property
    def tenant(self) -> Tenant:
        """The namespace; only routes that need an unsealed server use it."""
        assert self._tenant is not None, "open routes don't ask for a namespace"
        return self._tenant

    @property
    def unsealed(self) -> Unsealed:
        """The unsealed server. Raises ``Sealed`` if it was sealed during the request."""
        if self.core.unsealed is None:
            raise Sealed
        return self.core.unsealed

    async def tick(self, now: float) -> None:
        """Rotate the barrier's key if it is due; one namespace's ``sys`` does that."""
        if self.tenant is self.unsealed.root:
            await rotate_when_due(self.core.runtime.barrier, self.tenant.view, now)
