"""The unsealed server: all that exists only while the barrier is open, in one object that sealing drops.

So nothing can be used after sealing by mistake, and one attribute tells whether the server is sealed. It is created by
``server.core.activation``.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Protocol

import msgspec
from msgspec import Struct

from server.access.decision_cache import DecisionCache
from server.access.guards import Guards
from server.audit.broker import Broker
from server.core.settings import Settings
from server.core.tenant_pool import TenantPool
from server.core.use_writer import UseWriter
from server.runtime.version import VERSION
from server.tenants.crypto_policies.table import CryptoPolicyTable
from server.tenants.namespaces.names import ROOT, Namespace, above, normalise
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.tenant import Tenant
from storage.base import Transaction, transact
from storage.view import View

_CLUSTER = "sys/cluster"
_VERSIONS = "sys/versions/"


class Cluster(Struct, frozen=True):
    """The name and the id by which clients know this store, on any machine."""

    name: str
    id: str


class BackgroundWork(Protocol):
    """Expiry, deferred deletion and the periodic work of engines; see ``server.core.maintenance``."""

    async def sweep(self) -> None:
        """Remove expired and deleted entries."""

    async def tick(self) -> None:
        """Run the engines' periodic work."""

    async def end_grants(self) -> None:
        """End the grants of tokens that have ended, at their providers."""

    async def count(self) -> None:
        """Count what the metrics tell of storage."""

    async def close(self) -> None:
        """Stop."""


@dataclass(slots=True)
class Unsealed:
    """The unsealed server."""

    root: Tenant
    audit: Broker
    cluster: Cluster
    guards: Guards
    decisions: DecisionCache
    namespaces: NamespaceTable
    tenants: TenantPool
    crypto_policies: CryptoPolicyTable
    use_writer: UseWriter
    retention_seconds: float
    """How long the inventory tells of destroyed keys."""

    maintenance: BackgroundWork | None = None

    async def tenant(self, namespace_path: str) -> Tenant | None:
        """The tenant that a client names by header or path prefix, or None."""
        return self.root if not namespace_path else await self.tenants.at(normalise(namespace_path))

    async def home(self, token_id: str) -> Tenant:
        """The tenant in a token's id; the root for ids that name none."""
        entry = self.namespaces.by_id.get(token_id.rpartition(".")[2])
        found = None if entry is None else await self.tenants.at(entry.path)
        return found or self.root

    def lineage(self, namespace: Namespace) -> list[Namespace]:
        """``namespace`` and those above it, up to the root."""
        found = [self.namespaces.by_path.get(path) for path in above(namespace.path)]
        rest = [entry.namespace for entry in found if entry is not None]
        return [namespace, *rest, ROOT] if namespace.path else [namespace]

    async def load_namespaces(self) -> None:
        """Load the namespaces, if they may have changed."""
        await self.namespaces.load()
        await self.tenants.drop_gone()

    async def close(self, event: str = "closed") -> None:
        """Stop background work and release the resources of mounts and audit devices.

        ``event`` is what the audit ledger is told: ``closed`` or ``sealed``.
        """
        if self.maintenance is not None:
            await self.maintenance.close()
        await self.use_writer.close()
        await self.tenants.close()
        await self.audit.close(event)


async def read_cluster(view: View, settings: Settings) -> Cluster:
    """The cluster of this store, created at its first start, with the name in ``settings``."""

    async def read_or_create(transaction: Transaction) -> Cluster:
        stored = await transaction.get(_CLUSTER)
        cluster = None if stored is None else msgspec.msgpack.decode(stored, type=Cluster)
        if cluster is not None and settings.cluster_name in ("", cluster.name):
            return cluster
        name = settings.cluster_name or f"cryptoserve-{secrets.token_hex(4)}"
        cluster = Cluster(name, str(uuid.uuid4()) if cluster is None else cluster.id)
        transaction.put(_CLUSTER, msgspec.msgpack.encode(cluster))
        return cluster

    return await transact(view, read_or_create)


async def note_version(view: View, now: float) -> None:
    """Record that this version of the server has run on this store."""

    async def note_if_new(transaction: Transaction) -> None:
        if await transaction.get(_VERSIONS + VERSION) is None:
            transaction.put(_VERSIONS + VERSION, msgspec.msgpack.encode(now))

    await transact(view, note_if_new)


async def versions(view: View) -> dict[str, float]:
    """The versions of the server that have run on this store, with the time of their first start."""
    found = {}
    for name in await view.list(_VERSIONS):
        value = await view.get(_VERSIONS + name)
        if value is not None:
            found[name] = msgspec.msgpack.decode(value, type=float)
    return found
