"""What there is only while the server is unsealed, and how it comes up.

Tenants with their mounts, policies and tokens, the audit broker and the work in the background hang together in one
object, ``Active``, which sealing drops whole. So nothing can be used after sealing by mistake, and whether the server
is sealed is one question.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec import Struct

from auth_methods.base import TrustsServer
from auth_methods.token import TokenMethod
from auth_methods.token.jwt_issuer import JwtIssuer
from engines.base import Engine, Mount, Periodic, Route
from engines.cubbyhole import Cubbyhole
from server import plugins
from server.audit.broker import Broker
from server.audit.entry import AuditMount, AuditNamespace
from server.audit.headers import AuditedHeaders
from server.drawers import Drawers
from server.guards import Guards
from server.identity import Identity
from server.identity.personas import Personas
from server.leases import Leases
from server.lockouts import Lockouts
from server.mounts import AUTH, MOUNT_TABLE, Live, MountConfig, MountEntry, Mounts, new_entry
from server.namespaces import ROOT, Namespace, normalise
from server.policies import PolicyStore
from server.routing import RouteTable
from server.settings import Settings
from server.standings import Standings
from server.tenants import Tenant
from server.tokens import Tokens
from server.version import PLUGIN_VERSION, VERSION
from server.wrapping import Wrapping
from server.wrapping_jwt import WrappingJwt
from storage.base import Transaction, transact
from storage.view import View

if TYPE_CHECKING:
    from server.core import Core

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
"""How often what has expired is removed; it is refused from the moment it expires."""

TICK_SECONDS = 60.0
"""How often engines do their periodic work."""

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
    background: list[asyncio.Task[None]] = field(default_factory=list)

    def tenant(self, namespace_path: str) -> Tenant | None:
        """The tenant that a client names by header or path prefix, or None."""
        return self.root if normalise(namespace_path) == "" else None

    def lineage(self, tenant: Tenant) -> Iterator[Tenant]:
        """``tenant`` and those above it, up to the root."""
        path = tenant.namespace.path
        while path:
            above = self.tenant(path)
            if above is not None:
                yield above
            path = path[: path.rstrip("/").rfind("/") + 1]
        yield self.root

    @property
    def tenants(self) -> list[Tenant]:
        """All of them."""
        return [self.root]

    async def close(self) -> None:
        """Stop the background work and release what mounts and audit devices hold."""
        for task in self.background:
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)
        for tenant in self.tenants:
            await tenant.mounts.close()
            await tenant.tokens.close()
        self.audit.close()


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
        lambda name: plugins.load(plugins.AUDIT_DEVICES, name),
        core.settings.audit_devices,
        headers=AuditedHeaders(view.within("sys/audited-headers/")),
        prefix_allowed=core.settings.audit_prefix_allowed,
    )
    await audit.load()
    standings = Standings()
    root = await _open_tenant(core, ROOT, view, standings)
    guards = Guards(view.within("sys/guards/"), core.rate_counts)
    active = Active(root, audit, await _cluster(view, core.settings), guards, standings)
    await _note_version(view, core.clock())
    for tenant in active.tenants:
        await tenant.mounts.clear_leftovers()
    active.background.append(asyncio.create_task(_repeat(SWEEP_SECONDS, lambda: _sweep(core, active))))
    active.background.append(asyncio.create_task(_repeat(TICK_SECONDS, lambda: _tick(core, active))))
    return active


async def _open_tenant(core: Core, namespace: Namespace, view: View, standings: Standings) -> Tenant:
    standings.watch(view, MOUNT_TABLE)
    standings.watch(view, "sys/policy/")
    policies = PolicyStore(view.within("sys/policy/"), core.clock)
    await policies.ensure_defaults()
    token_view = view.within("sys/token/")
    personas = Personas(view.within("sys/identity/"))
    tokens = await Tokens.open(token_view, policies, personas)

    def bring_up(entry: MountEntry) -> Live:
        engine = _engine(core, tenant, entry)
        return Live(entry, engine, route_table(type(engine)), _audit_mount(entry))

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
        Lockouts(view.within("sys/lockout/")),
        personas,
        JwtIssuer(view.within("sys/jwt/"), _token_address(core, namespace), tokens),
    )
    await tenant.mounts.begin(_built_in())
    await tenant.mounts.router()
    return tenant


def _engine(core: Core, tenant: Tenant, entry: MountEntry) -> Engine:
    from server.known_callers import KnownCallers
    from server.renewals import Renewals
    from server.system import System

    mount = mount_of(core, tenant, entry)
    if entry.type == System.type:
        return System(core, tenant)
    if entry.type == TokenMethod.type:
        callers = KnownCallers(tenant, mount)
        return TokenMethod(mount, tenant.tokens, Renewals(core, tenant), callers, tenant.jwt_issuer)
    if entry.type == Identity.type:
        return Identity(tenant)
    if entry.type == Cubbyhole.type:
        return Cubbyhole(mount, Drawers(tenant.view.within("sys/token/")))
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


def _audit_mount(entry: MountEntry) -> AuditMount:
    return AuditMount(
        point=entry.path,
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


def _built_in() -> list[MountEntry]:
    return [
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


async def _repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - what fails once must not end the work for good
            log.error("background work failed with %s; it is tried again", type(error).__name__)


async def _sweep(core: Core, active: Active) -> None:
    if not await core.store.lead():
        return
    await core.cache.catch_up()
    for tenant in active.tenants:
        while await tenant.tokens.sweep(core.clock()):
            pass


async def _tick(core: Core, active: Active) -> None:
    if not await core.store.lead():
        return
    await core.cache.catch_up()
    for tenant in active.tenants:
        await tenant.lockouts.sweep(core.clock())
        for live in (await tenant.mounts.router()).mounts.values():
            if isinstance(live.engine, Periodic):
                await live.engine.tick(core.clock())
