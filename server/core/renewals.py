"""Renewal of tokens: asks a token's auth method whether, and for how long, it may be renewed."""

from __future__ import annotations

from auth_methods.base import ChecksRenewals, Renewal, Renews
from auth_methods.records import TokenRecord
from engines.base import Call
from server.core.mounting import mount_of
from server.core.runtime import Runtime
from server.tenants.tenant import Tenant


class Renewals:
    """The auth methods of one namespace, for renewals."""

    def __init__(self, runtime: Runtime, tenant: Tenant) -> None:
        self._runtime = runtime
        self._tenant = tenant

    async def renewal(self, record: TokenRecord, call: Call) -> Renewal | None:
        """The renewal that the method allows, within its mount's limits; None if no method decides.

        Raises the method's fault for a refusal.
        """
        router = await self._tenant.mounts.router()
        match = router.find(record.path)
        if match is None or not isinstance(match.mounted.engine, Renews):
            return None
        if isinstance(match.mounted.engine, ChecksRenewals):
            await match.mounted.engine.check_renewal(record.metadata or {}, call)
        renewal = await match.mounted.engine.renewal(record.metadata or {}, record.policies)
        mount = mount_of(self._runtime, self._tenant, match.mounted.entry)
        return Renewal(
            ttl_seconds=renewal.ttl_seconds or mount.default_lease_ttl_seconds,
            max_ttl_seconds=min(filter(None, (renewal.max_ttl_seconds, mount.max_lease_ttl_seconds))),
            period_seconds=renewal.period_seconds,
        )
