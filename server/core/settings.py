"""Settings of the core, derived from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.base import MAX_BATCH_ITEMS
from engines.crypto_policy.fips import FipsMode
from server.audit.broker import DeclaredDevice
from server.audit.writer import MAX_WAITING
from server.config.schema import (
    INVENTORY_SNAPSHOTS,
    LEASE_SECONDS,
    LOGIN_FAILURES_PER_MINUTE,
    RETENTION_SECONDS,
    SESSION_IDLE_SECONDS,
    SESSION_MAX_SECONDS,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server, from its start to its stop."""

    default_lease_ttl_seconds: int = LEASE_SECONDS
    max_lease_ttl_seconds: int = LEASE_SECONDS
    api_address: str = ""
    cluster_name: str = ""
    ui: bool = False
    ui_session_idle_seconds: int = SESSION_IDLE_SECONDS
    ui_session_max_seconds: int = SESSION_MAX_SECONDS
    max_batch_items: int = MAX_BATCH_ITEMS
    """The most items that one batch may hold."""

    login_failures_per_minute: int = LOGIN_FAILURES_PER_MINUTE
    """The failed logins allowed per client address, in a burst and per minute; 0 for no limit."""

    fips_mode: FipsMode = FipsMode.DISABLED
    """The treatment of operations that FIPS 140-3 doesn't approve."""

    crypto_policies_enforced: bool = True
    """Whether crypto policies are asked at all."""

    inventory_use: bool = True
    """Whether uses of keys are counted."""

    inventory_retention_seconds: int = RETENTION_SECONDS
    """How long the inventory tells of keys that were destroyed."""

    inventory_snapshots: int = INVENTORY_SNAPSHOTS
    """The most snapshots of the inventory that each namespace keeps."""

    storage_type: str = "inmem"
    audit_devices: tuple[DeclaredDevice, ...] = ()
    audit_through_api: bool = False
    """Whether ``sys/audit`` may enable devices (OpenBao's ``unsafe_allow_api_audit_creation``)."""

    audit_prefix_allowed: bool = False
    """Whether an audit device may put a prefix before its lines (OpenBao's ``allow_audit_log_prefixing``)."""

    audit_raw_allowed: bool = False
    """Whether ``sys/audit`` may enable devices that write secrets in the clear (``allow_log_raw``)."""

    audit_max_waiting: int = MAX_WAITING
    """The most entries that may wait for an audit device, in this process."""

    shown: Mapping[str, object] = field(default_factory=dict)
    """The contents of ``sys/config/state/sanitized``."""
