"""Renewal of tokens: asks a token's auth method whether, and for how long, it may be renewed."""

from __future__ import annotations

from auth_methods.base import ChecksRenewals, KeepsGrants, Login, Renewal, Renews
from auth_methods.records import TokenRecord
from auth_methods.token_fields import parse_policies
from engines.base import Call
from engines.faults import Failed
from server.core.mounting import mount_of
from server.core.runtime import Runtime
from server.tenants.identity.logins import entity_at_login
from server.tenants.mounts.table import Mounted
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
        mounted = await self._mounted(record)
        if mounted is None or not isinstance(mounted.engine, Renews):
            return None
        if isinstance(mounted.engine, ChecksRenewals):
            await mounted.engine.check_renewal(record.metadata or {}, call)
        renewal = await mounted.engine.renewal(record.metadata or {}, record.policies)
        mount = mount_of(self._runtime, self._tenant, mounted.entry)
        return Renewal(
            ttl_seconds=renewal.ttl_seconds or mount.default_lease_ttl_seconds,
            max_ttl_seconds=min(filter(None, (renewal.max_ttl_seconds, mount.max_lease_ttl_seconds))),
            period_seconds=renewal.period_seconds,
        )

    async def confirmed(self, record: TokenRecord, call: Call) -> bytes:
        """The grant to keep with the token, once its provider has confirmed the login; its groups count from now on.

        Raises the method's fault for a refusal, and ``Failed`` if the login would give other policies now.
        """
        mounted = await self._mounted(record)
        if not record.grant or mounted is None or not isinstance(mounted.engine, KeepsGrants):
            return record.grant
        login = await mounted.engine.login_again(record.grant, record.metadata or {}, call)
        try:
            await self._hold(mounted, record, login, call)
        except Exception:
            await mounted.engine.end_grant(login.grant)
            raise
        return login.grant

    async def _hold(self, mounted: Mounted, record: TokenRecord, login: Login, call: Call) -> None:
        if {*parse_policies(login.policies)} - {"default"} != {*record.policies} - {"default"}:
            raise Failed("failed to renew entry: policies have changed, not renewing")
        accessor, names = mounted.entry.accessor, login.alias_metadata
        await entity_at_login(self._tenant, accessor, login.alias, call.now, names, login.groups)

    async def end_grant(self, record: TokenRecord, grant: bytes) -> None:
        """End a grant that can't be kept with the token, which is gone."""
        mounted = await self._mounted(record)
        if grant and mounted is not None and isinstance(mounted.engine, KeepsGrants):
            await mounted.engine.end_grant(grant)

    async def _mounted(self, record: TokenRecord) -> Mounted | None:
        match = (await self._tenant.mounts.router()).find(record.path)
        return None if match is None else match.mounted
