"""Activation: tenants, mounts, the audit broker and maintenance, brought up over an open barrier."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from auth_methods.token.jwt_issuer import JwtIssuer
from engines.base import UseCounts
from engines.faults import Failed
from server.access.decision_cache import DecisionCache
from server.access.guards import Guards
from server.audit.broker import Broker
from server.audit.entry import AuditMount, AuditNamespace
from server.audit.headers import AuditedHeaders
from server.audit.ledger.device.state import STORAGE_PREFIX
from server.audit.ledger.index.keeper import keep_indexes
from server.audit.ledger.leading.ledger import LedgerHost
from server.audit.options import writes_raw
from server.core.engines import EngineOpener
from server.core.maintenance import Maintenance
from server.core.runtime import Runtime
from server.core.tenant_pool import TenantPool
from server.core.unsealed import Unsealed, note_version, read_cluster
from server.core.use_writer import Counting, UseWriter, counted_since
from server.runtime import plugins
from server.runtime.version import PLUGIN_VERSION
from server.tenants.crypto_policies.table import CryptoPolicyTable
from server.tenants.identity.effective_identity import EffectiveIdentities
from server.tenants.limits.lockouts import Lockouts
from server.tenants.mounts.table import (
    AUTH,
    IN_NAMESPACE,
    MOUNT_TABLE,
    MountConfig,
    Mounted,
    MountEntry,
    Mounts,
    new_entry,
)
from server.tenants.namespaces.names import ROOT, Namespace
from server.tenants.namespaces.records import Entry
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.policies.store import PolicyStore
from server.tenants.tenant import Tenant
from server.tenants.tokens.entries import TOKENS
from server.tenants.tokens.leases import Leases
from server.tenants.tokens.store import Elsewhere, Tokens
from server.tenants.tokens.wrapping import Wrapping
from server.tenants.tokens.wrapping_jwt import WrappingJwt
from storage.view import View


async def activate(runtime: Runtime, engines: EngineOpener, *, first: bool) -> Unsealed:
    """Start everything over the open barrier of ``runtime``.

    Raises ``StorageFault`` if what is stored can't be read, ``Failed`` if there are crypto policies that can't be
    enforced, or audit devices that the configuration doesn't allow.
    """
    view = View(runtime.barrier, ROOT.storage_prefix, runtime.cache)
    audit = await _open_audit(runtime, view, first=first)
    decisions = DecisionCache()
    namespaces_view = view.within("sys/namespaces/")
    decisions.watch(namespaces_view)
    table = NamespaceTable(namespaces_view, runtime.clock)

    async def catch_up() -> None:
        await runtime.cache.catch_up()
        await unsealed.load_namespaces()

    crypto_policies = CryptoPolicyTable(
        view.within("sys/crypto-policies/"),
        table,
        runtime.clock,
        catch_up,
        enforced=runtime.settings.crypto_policies_enforced,
    )
    use_counts = Counting(await counted_since(view, runtime.clock(), counting=runtime.uses.active))
    opener = _TenantOpener(runtime, engines, decisions, crypto_policies, use_counts)
    root = await opener.open(ROOT)

    async def bring_up(entry: Entry) -> Tenant:
        tenant = await opener.open(entry.namespace, tenants.tokens_of)
        await tenant.mounts.clear_leftovers()
        return tenant

    tenants = TenantPool(runtime, root, table, bring_up, decisions.forget)
    use_counts.writer = use_writer = UseWriter(runtime.uses, table, tenants, runtime.meter)
    unsealed = Unsealed(
        root,
        audit,
        await read_cluster(view, runtime.settings),
        Guards(view.within("sys/guards/"), runtime.rate_counts),
        decisions,
        table,
        tenants,
        crypto_policies,
        use_writer,
        runtime.settings.inventory_retention_seconds,
    )
    await unsealed.load_namespaces()
    await crypto_policies.load()
    await note_version(view, runtime.clock())
    await root.mounts.clear_leftovers()
    unsealed.maintenance = Maintenance(runtime, unsealed)
    unsealed.maintenance.start()
    use_writer.start()
    return unsealed


async def _open_audit(runtime: Runtime, view: View, *, first: bool) -> Broker:
    """The broker with its devices open. Raises as ``activate``."""
    audit = Broker(
        view.within("sys/audit/"),
        plugins.find_audit_device,
        runtime.settings.audit_devices,
        headers=AuditedHeaders(view.within("sys/audited-headers/")),
        prefix_allowed=runtime.settings.audit_prefix_allowed,
        max_waiting=runtime.settings.audit_max_waiting,
        meter=runtime.meter,
        ledger=LedgerHost(view.within(STORAGE_PREFIX), runtime.meter.worker, keep_indexes),
        catch_up=runtime.cache.catch_up,
    )
    try:
        await audit.load(prepare=first)
        if not runtime.settings.audit_raw_allowed:
            _refuse_raw(audit)
    except BaseException:
        await audit.close()
        raise
    return audit


def _refuse_raw(audit: Broker) -> None:
    """Raise ``Failed`` if a device writes secrets as they are: one that was enabled when that was still allowed."""
    for path, device in audit.devices().items():
        if writes_raw(device["options"]):
            raise Failed(f"the audit device {path} has log_raw: start with allow_log_raw = true, and disable it")


@dataclass(frozen=True, slots=True)
class _TenantOpener:
    """Opener of tenants, over the parts that all tenants of a server share."""

    runtime: Runtime
    engines: EngineOpener
    decisions: DecisionCache
    crypto_policies: CryptoPolicyTable
    use_counts: UseCounts

    async def open(self, namespace: Namespace, elsewhere: Elsewhere | None = None) -> Tenant:
        """The tenant of ``namespace``; ``elsewhere`` finds the tokens of another."""
        runtime = self.runtime
        view = View(runtime.barrier, namespace.storage_prefix, runtime.cache)
        self.decisions.watch(view, MOUNT_TABLE)
        self.decisions.watch(view, "sys/policy/")
        policies = PolicyStore(view.within("sys/policy/"), runtime.clock, with_root=namespace is ROOT)
        await policies.ensure_defaults()
        token_view = view.within(TOKENS)
        identities = EffectiveIdentities(view.within("sys/identity/"))
        tokens = await Tokens.open(token_view, policies, identities, namespace, elsewhere, runtime.meter.token_created)

        def bring_up(entry: MountEntry) -> Mounted:
            engine_type, engine = self.engines.open(tenant, entry)
            return Mounted(entry, engine_type, engine, _audit_mount(namespace, entry))

        tenant = Tenant(
            namespace,
            AuditNamespace(namespace.id, namespace.path),
            view,
            Mounts(view, bring_up),
            policies,
            tokens,
            Leases(token_view, tokens),
            Wrapping(
                token_view,
                tokens,
                WrappingJwt(view.within("sys/"), runtime.settings.api_address),
                runtime.settings.max_lease_ttl_seconds,
            ),
            Lockouts(view.within("sys/lockout/"), runtime.login_failures, namespace.id),
            identities,
            JwtIssuer(view.within("sys/jwt/"), _token_address(runtime, namespace), tokens),
            self.crypto_policies,
            self.use_counts,
        )
        await tenant.mounts.begin(_built_in(namespace))
        await tenant.mounts.router()
        return tenant


def _token_address(runtime: Runtime, namespace: Namespace) -> str:
    """The URL of a namespace's token method; empty if the server's own isn't known."""
    address = runtime.settings.api_address.rstrip("/")
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
    """The mounts that every namespace begins with; their types have other names in namespaces, as in OpenBao."""
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
