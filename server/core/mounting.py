"""The ``Mount`` of an engine: its storage, clock and limits, from its entry and the server's settings."""

from __future__ import annotations

from functools import partial

from engines.base import Mount
from engines.crypto_policy.gate import OPEN_GATE, Gate
from server.access.further_rights import may_update
from server.core.runtime import Runtime
from server.tenants.mounts.table import MountEntry
from server.tenants.tenant import Tenant


def mount_of(runtime: Runtime, tenant: Tenant, entry: MountEntry, gate: Gate = OPEN_GATE) -> Mount:
    """The ``Mount`` of the engine at ``entry``; ``gate`` is asked before it uses keys."""
    config, settings = entry.config, runtime.settings
    return Mount(
        storage=tenant.view.within(entry.storage_prefix),
        clock=runtime.clock,
        accessor=entry.accessor,
        path=entry.path,
        options=entry.options or {},
        default_lease_ttl_seconds=config.default_lease_ttl or settings.default_lease_ttl_seconds,
        max_lease_ttl_seconds=config.max_lease_ttl or settings.max_lease_ttl_seconds,
        max_batch_items=settings.max_batch_items,
        fips_mode=settings.fips_mode,
        namespace=tenant.namespace.path,
        gate=gate,
        may_update=partial(may_update, tenant, entry.path),
        use_counts=tenant.use_counts,
    )
