"""What there is only while the server is unsealed, and how it comes up.

Tenants with their mounts, policies and tokens, the audit broker and the work in the background hang together in one
object, ``Active``, which sealing drops whole. So nothing can be used after sealing by mistake, and whether the server
is sealed is one question.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.base import TrustsServer
from auth_methods.token.jwt_issuer import JwtIssuer
from auth_methods.token.routes import TOKEN
from engines.base import EngineType, Mount
from engines.cubbyhole.routes import CUBBYHOLE
from server.access.decision_cache import Standings
from server.access.guards import Guards
from server.audit.broker import Broker
from server.audit.entry import AuditMount, AuditNamespace
from server.audit.headers import AuditedHeaders
from server.core.entities import KnownCallers
from server.core.maintenance import Background
from server.core.mounting import mount_of
from server.core.renewals import Renewals
from server.core.settings import Settings
from server.core.tenant_pool import OpenTenants
from server.runtime import plugins
from server.runtime.version import PLUGIN_VERSION, VERSION
from server.tenants.identity.effective_identity import Personas
from server.tenants.identity.routes import IDENTITY
from server.tenants.limits.lockouts import Lockouts
from server.tenants.mounts.table import (
    AUTH,
    IN_NAMESPACE,
    MOUNT_TABLE,
    Live,
    MountConfig,
    MountEntry,
    Mounts,
    new_entry,
)
from server.tenants.namespaces.names import ROOT, Namespace, above, normalise
from server.tenants.namespaces.records import Entry
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.policies.store import PolicyStore
from server.tenants.tenant import Tenant
from server.tenants.tokens.cubbyhole import Drawers
from server.tenants.tokens.leases import Leases
from server.tenants.tokens.store import Elsewhere, Tokens
from server.tenants.tokens.wrapping import Wrapping
from server.tenants.tokens.wrapping_jwt import WrappingJwt
from storage.base import Transaction, transact
from storage.view import View

if TYPE_CHECKING:
    from server.core.lifecycle import Core

log = logging.getLogger(__name__)

_CLUSTER = "sys/cluster"
_VERSIONS = "sys/versions/"

MISSING: EngineType[[Mount], None] = EngineType(
    "missing", "An engine whose plug-in is not installed", routes=(), open=lambda mount: None
)
"""Stands in for an engine whose plug-in isn't installed any more: its data stays, its paths are unsupported."""


class Cluster(Struct, frozen=True):
    """The name and the id under which clients know this store, on whatever machine it runs."""

    name: str
    id: str


@dataclass(slots=True)
class Active:
    """The unsealed server."""

    root: Tenant
    audit: Broker
    cluster: Cluster
    guards: Guards
    standings: Standings
    namespaces: NamespaceTable
    tenants: OpenTenants
    background: Background | None = None

    async def tenant(self, namespace_path: str) -> Tenant | None:
        """The tenant that a client names by header or path prefix, or None."""
        return self.root if not namespace_path else await self.tenants.at(normalise(namespace_path))

    async def home(self, token_id: str) -> Tenant:
        """The tenant that a token says it belongs to; what names none is the root's to look at."""
        entry = self.namespaces.by_id.get(token_id.rpartition(".")[2])
        found = None if entry is None else await self.tenants.at(entry.path)
        return found or self.root

    def lineage(self, namespace: Namespace) -> list[Namespace]:
        """``namespace`` and those above it, up to the root."""
        found = [self.namespaces.by_path.get(path) for path in above(namespace.path)]
        rest = [entry.namespace for entry in found if entry is not None]
        return [namespace, *rest, ROOT] if namespace.path else [namespace]

    async def load_namespaces(self) -> None:
        """Take over which namespaces there are, if that may have changed."""
        await self.namespaces.load()
        await self.tenants.drop_gone()

    async def close(self) -> None:
        """Stop the background work and release what mounts and audit devices hold."""
        if self.background is not None:
            await self.background.close()
        await self.tenants.close()
        self.audit.close()


async def activate(core: Core) -> Active:
    """Bring up everything over ``core``'s open barrier. Raises ``StorageFault`` if what is stored can't be read."""
    view = View(core.barrier, ROOT.storage_prefix, core.cache)
    audit = Broker(
        view.within("sys/audit/"),
        plugins.find_audit_device,
        core.settings.audit_devices,
        headers=AuditedHeaders(view.within("sys/audited-headers/")),
        prefix_allowed=core.settings.audit_prefix_allowed,
    )
    await audit.load()
    standings = Standings()
    root = await _open_tenant(core, ROOT, view, standings)
    guards = Guards(view.within("sys/guards/"), core.rate_counts)
    namespaces_view = view.within("sys/namespaces/")
    standings.watch(namespaces_view)
    table = NamespaceTable(namespaces_view, core.clock)

    async def bring_up(entry: Entry) -> Tenant:
        own_view = View(core.barrier, entry.namespace.storage_prefix, core.cache)
        tenant = await _open_tenant(core, entry.namespace, own_view, standings, elsewhere)
        await tenant.mounts.clear_leftovers()
        return tenant

    tenants = OpenTenants(core, root, table, bring_up, standings.forget)

    async def elsewhere(namespace_id: str) -> Tokens | None:
        tenant = await tenants.by_id(namespace_id)
        return None if tenant is None else tenant.tokens

    active = Active(root, audit, await _cluster(view, core.settings), guards, standings, table, tenants)
    await active.load_namespaces()
    await _note_version(view, core.clock())
    await root.mounts.clear_leftovers()
    active.background = Background(core, active)
    active.background.start()
    return active


async def _open_tenant(
    core: Core, namespace: Namespace, view: View, standings: Standings, elsewhere: Elsewhere | None = None
) -> Tenant:
    standings.watch(view, MOUNT_TABLE)
    standings.watch(view, "sys/policy/")
    policies = PolicyStore(view.within("sys/policy/"), core.clock, with_root=namespace is ROOT)
    await policies.ensure_defaults()
    token_view = view.within("sys/token/")
    personas = Personas(view.within("sys/identity/"))
    tokens = await Tokens.open(token_view, policies, personas, namespace, elsewhere)

    def bring_up(entry: MountEntry) -> Live:
        engine_type, engine = _opened(core, tenant, entry)
        return Live(entry, engine_type, engine, _audit_mount(namespace, entry))

    audit = AuditNamespace(namespace.id, namespace.path)
    tenant = Tenant(
        namespace,
        audit,
        view,
        Mounts(view, bring_up),
        policies,
        tokens,
        Leases(token_view, tokens),
        Wrapping(
            token_view,
            tokens,
            WrappingJwt(view.within("sys/"), core.settings.api_address),
            core.settings.max_lease_ttl_seconds,
        ),
        Lockouts(view.within("sys/lockout/")),
        personas,
        JwtIssuer(view.within("sys/jwt/"), _token_address(core, namespace), tokens),
    )
    await tenant.mounts.begin(_built_in(namespace))
    await tenant.mounts.router()
    return tenant


def _opened(core: Core, tenant: Tenant, entry: MountEntry) -> tuple[EngineType[..., Any], object]:
    """The engine at ``entry``: its type, and its state."""
    mount = mount_of(core, tenant, entry)
    if entry.built_in:
        return _built_in_engine(core, tenant, entry.engine_type, mount)
    group = plugins.AUTH_METHODS if entry.is_auth else plugins.ENGINES
    engine_type = plugins.engine_type(group, entry.type)
    if engine_type is None:
        log.error("no plug-in for the mount at %s of type %s is installed", entry.path, entry.type)
        engine_type = MISSING
    engine = engine_type.open(mount)
    if isinstance(engine, TrustsServer):
        engine.trust(tenant.jwt_issuer)
    return engine_type, engine


def _built_in_engine(core: Core, tenant: Tenant, name: str, mount: Mount) -> tuple[EngineType[..., Any], object]:
    """The engine of the server's own called ``name``, with what it gets of the core besides its mount."""
    if name == core.system.type:
        return core.system, core.system.open(core, tenant)
    if name == TOKEN.type:
        renewals, callers = Renewals(core, tenant), KnownCallers(tenant, mount)
        return TOKEN, TOKEN.open(mount, tenant.tokens, renewals, callers, tenant.jwt_issuer)
    if name == IDENTITY.type:
        return IDENTITY, IDENTITY.open(tenant.personas, tenant.namespace.id, tenant.mounts)
    assert name == CUBBYHOLE.type, "there are no other built-in engines"
    return CUBBYHOLE, CUBBYHOLE.open(Drawers(tenant.tokens, tenant.view.within("sys/token/")))


def _token_address(core: Core, namespace: Namespace) -> str:
    """The URL of the token method of a namespace; empty if the server's own isn't known."""
    address = core.settings.api_address.rstrip("/")
    return f"{address}/v1/{namespace.path}{AUTH}token" if address else ""


def _audit_mount(namespace: Namespace, entry: MountEntry) -> AuditMount:
    return AuditMount(
        point=namespace.path + entry.path,
        type=entry.type,
        accessor=entry.accessor,
        version=PLUGIN_VERSION,
        auth=entry.is_auth,
        non_hmac_request_keys=entry.config.audit_non_hmac_request_keys or (),
        non_hmac_response_keys=entry.config.audit_non_hmac_response_keys or (),
    )


def _built_in(namespace: Namespace) -> list[MountEntry]:
    """The mounts that are there from the first; types are called otherwise in namespaces, as OpenBao has it."""
    entries = [
        new_entry(
            "sys/",
            "system",
            description="system endpoints used for control, policy and debugging",
            seal_wrap=True,
            built_in=True,
            config=MountConfig(passthrough_request_headers=("Accept",)),
        ),
        new_entry(
            "cubbyhole/",
            "cubbyhole",
            description="per-token private secret storage",
            local=True,
            built_in=True,
        ),
        new_entry(
            "identity/",
            "identity",
            description="identity store",
            built_in=True,
            config=MountConfig(passthrough_request_headers=("Authorization",)),
        ),
        new_entry(
            f"{AUTH}token/",
            "token",
            description="token based credentials",
            built_in=True,
            config=MountConfig(token_type="default-service"),  # noqa: S106 - a word, not a secret
        ),
    ]
    if namespace is ROOT:
        return entries
    return [
        replace(
            entry,
            type=IN_NAMESPACE + entry.type,
            config=replace(entry.config, token_type="default" if entry.is_auth else ""),
        )
        for entry in entries
    ]


async def _cluster(view: View, settings: Settings) -> Cluster:
    async def work(transaction: Transaction) -> Cluster:
        stored = await transaction.get(_CLUSTER)
        cluster = None if stored is None else msgspec.msgpack.decode(stored, type=Cluster)
        if cluster is not None and settings.cluster_name in ("", cluster.name):
            return cluster
        name = settings.cluster_name or f"cryptoserve-{secrets.token_hex(4)}"
        cluster = Cluster(name, str(uuid.uuid4()) if cluster is None else cluster.id)
        transaction.put(_CLUSTER, msgspec.msgpack.encode(cluster))
        return cluster

    return await transact(view, work)


async def _note_version(view: View, now: float) -> None:
    async def work(transaction: Transaction) -> None:
        if await transaction.get(_VERSIONS + VERSION) is None:
            transaction.put(_VERSIONS + VERSION, msgspec.msgpack.encode(now))

    await transact(view, work)


async def versions(view: View) -> dict[str, float]:
    """The versions of the server that have run on this store, with the time of each one's first start."""
    found = {}
    for name in await view.list(_VERSIONS):
        value = await view.get(_VERSIONS + name)
        if value is not None:
            found[name] = msgspec.msgpack.decode(value, type=float)
    return found
