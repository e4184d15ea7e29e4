"""The loaded configuration: frozen, typed, complete, with units in the names.

Fields are named for the words of ``server.config.schema``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from engines.base import MAX_BATCH_ITEMS
from server.config.schema import (
    CACHE_SIZE,
    INVENTORY_SNAPSHOTS,
    LEASE_SECONDS,
    LOGIN_FAILURES_PER_MINUTE,
    MAX_CONCURRENT_REQUESTS,
    MAX_CONNECTIONS,
    REQUEST_SECONDS,
    RETENTION_SECONDS,
    SESSION_IDLE_SECONDS,
    SESSION_MAX_SECONDS,
)
from server.config.source import NOWHERE, Place

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Listener:
    """One address to serve. Words that its type lacks keep their defaults."""

    type: str
    """``tcp`` or ``unix``."""

    address: str
    """``host:port``, or the path of a unix socket."""

    server: str = ""
    max_request_size_bytes: int = 10 * 1024 * 1024
    max_request_duration_seconds: float = 90
    http_read_header_timeout_seconds: float = 10
    http_read_timeout_seconds: float = 30
    http_idle_timeout_seconds: int = 300
    disable_unauthed_rekey_endpoints: bool = True
    disable_unauthed_generate_root_endpoints: bool = True
    unauthenticated_metrics_access: bool = False
    unauthenticated_in_flight_requests_access: bool = False
    tls_disable: bool = False
    tls_cert_file: str = ""
    tls_key_file: str = ""
    tls_min_version: str = "tls12"
    tls_max_version: str = "tls13"
    tls_cipher_suites: str = ""
    tls_require_and_verify_client_cert: bool = False
    tls_client_ca_file: str = ""
    tls_disable_client_certs: bool = False
    x_forwarded_for_authorized_addrs: tuple[Network, ...] = ()
    x_forwarded_for_hop_skips: int = 0
    x_forwarded_for_reject_not_present: bool = False
    x_forwarded_for_reject_not_authorized: bool = False
    socket_mode: int = 0o600
    socket_user: str = ""
    socket_group: str = ""
    ui: bool = False
    """Whether it serves the console."""

    place: Place = field(default=NOWHERE, compare=False)

    @property
    def tls(self) -> bool:
        """Whether this listener speaks TLS."""
        return self.type == "tcp" and not self.tls_disable and bool(self.tls_cert_file)

    @property
    def http2(self) -> bool:
        """Whether clients may speak HTTP/2."""
        return self.server == "hypercorn" or (self.tls and not self.server)


@dataclass(frozen=True, slots=True)
class Storage:
    """The store's type, and its words as strings, which its entry point interprets."""

    type: str
    options: Mapping[str, str] = field(default_factory=dict)
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal's type, and its words as strings; some are keys, so they stay out of ``repr``."""

    type: str = "shamir"
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AuditDevice:
    """An audit device that exists while the configuration declares it."""

    type: str
    path: str
    """Without the final slash."""

    description: str = ""
    local: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Tracing:
    """The collector that spans of requests go to."""

    endpoint: str
    service_name: str = "cryptoserve"
    sample_percent: int = 100
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Development:
    """The options of ``-dev``."""

    root_token: str = field(repr=False)
    """The root token to create; empty for a random one."""

    store_token: bool = True
    """Whether to store the token where the ``bao`` and ``vault`` clients look for it."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of an operator."""

    listeners: tuple[Listener, ...]
    storage: Storage
    seal: Seal = Seal()
    audit: tuple[AuditDevice, ...] = ()
    tracing: Tracing | None = None
    api_addr: str = ""
    cluster_name: str = ""
    default_lease_ttl_seconds: int = LEASE_SECONDS
    max_lease_ttl_seconds: int = LEASE_SECONDS
    default_max_request_duration_seconds: int = REQUEST_SECONDS
    log_level: str = "info"
    log_format: str = "standard"
    pid_file: str = ""
    login_failures_per_minute: int = LOGIN_FAILURES_PER_MINUTE
    cache_size: int = CACHE_SIZE
    algorithm_providers: str = ""
    fips_mode: str = "disabled"
    crypto_policies: str = "enforce"
    inventory_use: bool = True
    inventory_retention_seconds: int = RETENTION_SECONDS
    inventory_snapshots: int = INVENTORY_SNAPSHOTS
    max_batch_items: int = MAX_BATCH_ITEMS
    workers: int = 1
    max_connections: int = MAX_CONNECTIONS
    max_concurrent_requests: int = MAX_CONCURRENT_REQUESTS
    ui: bool = False
    ui_address: str = ""
    ui_session_idle_seconds: int = SESSION_IDLE_SECONDS
    ui_session_max_seconds: int = SESSION_MAX_SECONDS
    disable_mlock: bool = True
    unsafe_allow_api_audit_creation: bool = False
    allow_audit_log_prefixing: bool = False
    allow_log_raw: bool = False
    development: Development | None = None
    places: Mapping[str, Place] = field(default_factory=dict, repr=False, compare=False)
    """The positions of top-level words, for later errors."""

    warnings: tuple[str, ...] = field(default=(), compare=False)
    """Warnings for the operator, logged once at the start."""
