"""The server's life: uninitialised, sealed, unsealed, and back; and what there is in each of these states.

``Core`` is there from start to stop. What may exist only while the barrier is open (tenants with their mounts, policies
and tokens, the audit broker, the work in the background) hangs together in one object, ``Active``, which sealing drops
whole. So nothing can be used after sealing by mistake, and "is it sealed" is one question.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from server.audit.broker import Broker, DeclaredDevice
from server.namespaces import normalise
from server.tenants import Tenant

log = logging.getLogger("cryptoserve.core")

SYSTEM_MAX_TTL_SECONDS = 768 * 3600
"""The default and the longest TTL of tokens and leases unless the configuration says otherwise: 32 days, as Vault's."""

_SWEEP_SECONDS = 5.0
_TICK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says to the core."""

    default_lease_ttl_seconds: int = SYSTEM_MAX_TTL_SECONDS
    max_lease_ttl_seconds: int = SYSTEM_MAX_TTL_SECONDS
    api_address: str = ""
    cluster_name: str = ""
    ui: bool = False
    storage_type: str = "inmem"
    audit_devices: tuple[DeclaredDevice, ...] = ()
    audit_through_api: bool = False
    """Whether ``sys/audit`` may enable devices (OpenBao's ``unsafe_allow_api_audit_creation``)."""
    shown: Mapping[str, object] = field(default_factory=dict)
    """What ``sys/config/state/sanitized`` shows."""


class _Cluster(Struct, frozen=True):
    name: str
    id: str


class _VersionEntry(Struct, frozen=True):
    version: str
    installed: float


@dataclass(slots=True)
class Active:
    """What there is only while the server is unsealed."""

    root: Tenant
    audit: Broker
    cluster_name: str
    cluster_id: str
    background: list[asyncio.Task[None]] = field(default_factory=list)

    def tenant(self, namespace_path: str) -> Tenant | None:
        """The tenant that a client names by header or path prefix, or None."""
        return self.root if normalise(namespace_path) == "" else None


@dataclass(frozen=True, slots=True)
class SealStatus:
    """What ``sys/seal-status`` and ``sys/unseal`` show."""

    type: str
    initialized: bool
    sealed: bool
    shares: int
    threshold: int
    progress: int
    nonce: str
    recovery_seal: bool


@dataclass(frozen=True, slots=True)
class Initialization:
    """What an initialisation hands out, once and never again."""

    shares: list[bytes] = field(repr=False)
    recovery_shares: list[bytes] = field(repr=False)
    root_token: str = field(repr=False)


class Core:
    """The server, whatever state it is in."""

    active: Active | None

    async def start(self) -> None:
        """Look at what storage holds, and unseal at once where the seal can do so by itself."""

    async def stop(self) -> None:
        """Seal, and release storage."""

    async def initialized(self) -> bool:
        """Whether the store holds a barrier."""
        raise NotImplementedError

    async def seal_status(self) -> SealStatus:
        """The state of the seal."""
        raise NotImplementedError

    async def initialize(
        self, shares: int, threshold: int, recovery_shares: int, recovery_threshold: int
    ) -> Initialization:
        """Make barrier, shares and root token. Raises ``InvalidRequest`` in Vault's words, having changed nothing."""
        raise NotImplementedError

    async def unseal(self, share: bytes) -> SealStatus:
        """Take one share. Raises ``InvalidRequest`` in Vault's words if it doesn't fit."""
        raise NotImplementedError

    async def reset_unseal(self) -> SealStatus:
        """Forget the shares taken so far."""
        raise NotImplementedError

    async def seal(self) -> None:
        """Drop everything secret; no error if sealed already."""
