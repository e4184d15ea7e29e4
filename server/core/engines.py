"""Engines of mounts: the type for an entry, and the creation of its state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auth_methods.base import TrustsServer
from auth_methods.token.routes import TOKEN
from engines.base import EngineType, Mount
from server.core.entities import EntityLookup
from server.core.mounting import mount_of
from server.core.renewals import Renewals
from server.core.runtime import Runtime
from server.runtime import plugins
from server.tenants.cubbyhole.routes import CUBBYHOLE
from server.tenants.identity.routes import IDENTITY
from server.tenants.mounts.table import MountEntry
from server.tenants.tenant import Tenant
from server.tenants.tokens.cubbyhole import Cubbyholes
from server.tenants.tokens.entries import TOKENS

log = logging.getLogger(__name__)

MISSING: EngineType[[Mount], None] = EngineType(
    "missing", "An engine whose plug-in is not installed", routes=(), open=lambda mount: None
)
"""Stands in for an engine whose plug-in isn't installed: its data is kept, its paths are unsupported."""


_ON_SYSTEM = "cbom"
"""The type of mounts that show what ``sys`` of their namespace has, and so are opened with its state too."""


@dataclass(frozen=True, slots=True)
class EngineOpener:
    """Opens plug-ins with their mount alone, and built-in engines with their parts of the core too."""

    runtime: Runtime
    system: EngineType[..., Any]
    open_system: Callable[[Tenant], object]
    """Opens ``system`` for a tenant."""

    def open(self, tenant: Tenant, entry: MountEntry) -> tuple[EngineType[..., Any], object]:
        """The engine at ``entry``: its type, and its state."""
        gate = tenant.crypto_policies.gate(tenant.namespace.path, entry.path, entry.engine_type)
        mount = mount_of(self.runtime, tenant, entry, gate)
        if entry.built_in:
            return self._built_in(tenant, entry.engine_type, mount)
        group = plugins.AUTH_METHODS if entry.is_auth else plugins.ENGINES
        engine_type = plugins.engine_type(group, entry.type)
        if engine_type is None:
            log.error("no plug-in for the mount at %s of type %s is installed", entry.path, entry.type)
            engine_type = MISSING
        opened_with: tuple[Any, ...] = (self.open_system(tenant), mount) if engine_type.type == _ON_SYSTEM else (mount,)
        engine = engine_type.open(*opened_with)
        if isinstance(engine, TrustsServer):
            engine.trust(tenant.jwt_issuer)
        return engine_type, engine

    def _built_in(self, tenant: Tenant, name: str, mount: Mount) -> tuple[EngineType[..., Any], object]:
        if name == self.system.type:
            return self.system, self.open_system(tenant)
        if name == TOKEN.type:
            renewals, callers = Renewals(self.runtime, tenant), EntityLookup(tenant, mount)
            return TOKEN, TOKEN.open(mount, tenant.tokens, renewals, callers, tenant.jwt_issuer)
        if name == IDENTITY.type:
            return IDENTITY, IDENTITY.open(tenant.identities, tenant.namespace.id, tenant.mounts)
        assert name == CUBBYHOLE.type, "there are no other built-in engines"
        return CUBBYHOLE, CUBBYHOLE.open(Cubbyholes(tenant.tokens, tenant.view.within(TOKENS)))
