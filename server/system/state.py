"""The system engine, built in at ``sys/``: administration of the server through its API.

One ``System`` serves one namespace. Another, without a namespace, serves the routes that work while the server is
sealed. The API is the table in ``server.system.routes``; each handler is in the module named for its noun.
"""

from __future__ import annotations

from dataclasses import dataclass

from engines.crypto_policy.facts import Place
from engines.crypto_policy.gate import Gate
from engines.crypto_policy.uses import Gated
from engines.faults import Sealed
from server.core.lifecycle import Core
from server.core.unsealed import Unsealed
from server.inventory.daily import take_daily
from server.seal.barrier_rotation import rotate_when_due
from server.tenants.tenant import Tenant

_PATH = "sys/"


@dataclass(slots=True)
class _Gated:
    """The ``Gated`` for operations without a key, for ``begin``."""

    gate: Gate
    place: Place


class System:
    """``sys`` of ``tenant``; without one, of a server that may be sealed."""

    def __init__(self, core: Core, tenant: Tenant | None) -> None:
        self.core = core
        self._tenant = tenant
        self._gated: _Gated | None = None

    @property
    def tenant(self) -> Tenant:
        """The namespace; only routes that need an unsealed server use it."""
        assert self._tenant is not None, "open routes don't ask for a namespace"
        return self._tenant

    @property
    def gated(self) -> Gated:
        """The crypto policy's gate for what ``sys`` does without keys."""
        if self._gated is None:
            path = self.tenant.namespace.path
            gate = self.tenant.crypto_policies.gate(path, _PATH, "system")
            self._gated = _Gated(gate, Place(_PATH, path))
        return self._gated

    @property
    def unsealed(self) -> Unsealed:
        """The unsealed server. Raises ``Sealed`` if it was sealed during the request."""
        if self.core.unsealed is None:
            raise Sealed
        return self.core.unsealed

    async def tick(self, now: float) -> None:
        """Rotate the barrier's key and keep the inventory's state if that is due; one namespace's ``sys`` does that."""
        if self.tenant is self.unsealed.root:
            await rotate_when_due(self.core.runtime.barrier, self.tenant.view, now)
            most = self.core.runtime.settings.inventory_snapshots
            await take_daily(self.unsealed, self.tenant, now, most)
