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
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.base import TrustsServer
from auth_methods.token import TokenMethod
from auth_methods.token.jwt_issuer import JwtIssuer
from engines.base import Eager, Engine, Mount, Route
from engines.cubbyhole import Cubbyhole
from server import plugins
from server.audit.broker import Broker
from server.audit.entry import AuditMount, AuditNamespace
from server.audit.headers import AuditedHeaders
from server.background import Background
from server.drawers import Drawers
from server.guards import Guards
from server.identity import Identity
from server.identity.personas import Personas
from server.leases import Leases
from server.lockouts import Lockouts
from server.mounts import AUTH, IN_NAMESPACE, MOUNT_TABLE, Live, MountConfig, MountEntry, Mounts, new_entry
from server.namespace_records import Entry
from server.namespace_table import NamespaceTable
from server.namespaces import ROOT, Namespace, above, normalise
from server.open_tenants import OpenTenants
from server.policies import PolicyStore
from server.routing import RouteTable
from server.settings import Settings
from server.standings import Standings
from server.tenants import Tenant
from server.tokens import Elsewhere, Tokens
from server.version import PLUGIN_VERSION, VERSION
from server.wrapping import Wrapping
from server.wrapping_jwt import WrappingJwt
from storage.base import Transaction, transact
from storage.view import View

if TYPE_CHECKING:
    from server.core import Core

log = logging.getLogger(__name__)

_CLUSTER = "sys/cluster"
_VERSIONS = "sys/versions/"


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
        await self.audit.close()


class MissingEngine:
    """Stands in for an engine whose plug-in isn't installed any more: its data stays, its paths are unsupported."""

    type: ClassVar[str] = "missing"
    summary: ClassVar[str] = "An engine whose plug-in is not installed"
    routes: ClassVar[tuple[Route, ...]] = ()

    def __init__(self, mount: Mount) -> None:
        pass


async def activate(core: Core) -> Active:
    """Bring up everything over ``core``'s open barrier. Raises ``StorageFault`` if what is stored can't be read."""
    view = View(core.barrier, ROOT.storage_prefix, core.cache)
    audit = Broker(
        view.within("sys/audit/"),
        plugins.find_audit_device,
        core.settings.audit_devices,
        headers=AuditedHeaders(view.within("sys/audited-headers/")),
        prefix_allowed=core.settings.audit_prefix_allowed,
        max_waiting=core.settings.audit_max_waiting,
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
        engine = _engine(core, tenant, entry)
        eager = isinstance(engine, Eager) and engine.eager
        return Live(entry, engine, route_table(type(engine)), _audit_mount(namespace, entry), eager)

    audit = AuditNamespace(namespace.id, namespace.path)
    tenant = Tenant(
        namespace,
        audit,
        view,
        Mounts(view, bring_up),
        policies,
        tokens,
        Leases(token_view, tokens),
        Wrapping(token_view, tokens, WrappingJwt(view.within("sys/"), core.settings.api_address)),
        Lockouts(view.within("sys/lockout/"), core.login_failures, namespace.id),
        personas,
        JwtIssuer(view.within("sys/jwt/"), _token_address(core, namespace), tokens),
    )
    await tenant.mounts.begin(_built_in(namespace))
    await tenant.mounts.router()
    return tenant


def _engine(core: Core, tenant: Tenant, entry: MountEntry) -> Engine:
    from server.known_callers import KnownCallers
    from server.renewals import Renewals
    from server.system import System

    mount = mount_of(core, tenant, entry)
    if entry.built_in:
        built_in = entry.engine_type
        if built_in == System.type:
            return System(core, tenant)
        if built_in == TokenMethod.type:
            callers = KnownCallers(tenant, mount)
            return TokenMethod(mount, tenant.tokens, Renewals(core, tenant), callers, tenant.jwt_issuer)
        if built_in == Identity.type:
            return Identity(tenant)
        assert built_in == Cubbyhole.type, "there are no other built-in engines"
        return Cubbyhole(mount, Drawers(tenant.tokens, tenant.view.within("sys/token/")))
    group = plugins.AUTH_METHODS if entry.is_auth else plugins.ENGINES
    engine_class = plugins.load(group, entry.type)
    if engine_class is None:
        log.error("no plug-in for the mount at %s of type %s is installed", entry.path, entry.type)
        engine_class = MissingEngine
    engine: Engine = engine_class(mount)
    if isinstance(engine, TrustsServer):
        engine.trust(tenant.jwt_issuer)
    return engine


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


def mount_of(core: Core, tenant: Tenant, entry: MountEntry) -> Mount:
    """What an engine at ``entry`` is given to live on."""
    config, settings = entry.config, core.settings
    return Mount(
        storage=tenant.view.within(entry.storage_prefix),
        clock=core.clock,
        accessor=entry.accessor,
        path=entry.path,
        options=entry.options or {},
        default_lease_ttl_seconds=config.default_lease_ttl or settings.default_lease_ttl_seconds,
        max_lease_ttl_seconds=config.max_lease_ttl or settings.max_lease_ttl_seconds,
        max_batch_items=settings.max_batch_items,
        fips_mode=settings.fips_mode,
    )


@cache
def route_table(engine_class: type[Engine]) -> RouteTable:
    """The compiled route table of an engine class."""
    return RouteTable(engine_class.routes)


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
