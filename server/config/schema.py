"""Schema of the configuration: each word's name, type, default and effect.

The loader, ``docs/configuration.md`` and ``config.hcl.example`` all follow these tables, and tests hold them together.
A new setting is a row here and a field of the same name in ``server.config.settings``. A field's name has its unit
(``Setting.field``), a word's name is Vault's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from engines.base import MAX_BATCH_ITEMS

DEFAULT_ADDRESS = "127.0.0.1:8200"
MAX_REQUEST_BYTES = 10 * 1024 * 1024
LEASE_SECONDS = 32 * 24 * 3600
"""The default and the longest TTL of tokens and leases: 32 days, as Vault's."""

LOGIN_FAILURES_PER_MINUTE = 300
"""Many, since a whole cluster may have one address; lockouts stop guesses at one account."""

CACHE_SIZE = 100_000
INVENTORY_SNAPSHOTS = 400
RETENTION_SECONDS = 3 * 365 * 24 * 3600
"""The inventory tells of destroyed keys for three years."""

SESSION_IDLE_SECONDS = 15 * 60
SESSION_MAX_SECONDS = 8 * 3600
REQUEST_SECONDS = 90
MAX_CONNECTIONS = 10_000
MAX_CONCURRENT_REQUESTS = 4_000
MAX_WORKERS = 512


class Kind(Enum):
    """The kind of a value, and how it is parsed."""

    STRING = "string"
    BOOL = "bool"
    COUNT = "whole number"
    SIZE = "bytes"
    DURATION = "duration"
    CHOICE = "one of"
    NETWORKS = "list of IP addresses and networks"
    ADDRESS = "host:port"
    PATH = "path"
    MODE = "octal mode"


_UNITS = {Kind.SIZE: "_bytes", Kind.DURATION: "_seconds"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``environment`` lists variables that override it, the strongest first."""

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    required: bool = False
    minimum: int = 0

    @property
    def field(self) -> str:
        """The name of the field of the converted value, with its unit."""
        return self.name + _UNITS.get(self.kind, "")


LOG_LEVELS = ("trace", "debug", "info", "warn", "error")
LOG_FORMATS = ("standard", "json")
TLS_VERSIONS = ("tls12", "tls13")
FIPS_MODES = ("disabled", "preferred", "enabled")
CRYPTO_POLICIES = ("enforce", "off")

TOP = (
    Setting("api_addr", Kind.STRING, "",
         "URL at which clients reach this server. It is reported to clients; the server doesn't listen on it.",
         environment=("BAO_API_ADDR", "VAULT_API_ADDR")),
    Setting("cluster_name", Kind.STRING, "",
         "Name of this installation, shown by `sys/health`. Unset, a random name is made once."),
    Setting("default_lease_ttl", Kind.DURATION, LEASE_SECONDS,
         "TTL of tokens and leases where neither the request nor the mount sets one.", minimum=1),
    Setting("max_lease_ttl", Kind.DURATION, LEASE_SECONDS, "Longest TTL of tokens and leases.", minimum=1),
    Setting("default_max_request_duration", Kind.DURATION, REQUEST_SECONDS,
         "`max_request_duration` of listeners that don't set it.", minimum=1),
    Setting("log_level", Kind.CHOICE, "info",
         "Lowest level that is logged. A reload (SIGHUP) applies a new value.",
         choices=LOG_LEVELS, environment=("BAO_LOG_LEVEL", "VAULT_LOG_LEVEL")),
    Setting("log_format", Kind.CHOICE, "standard",
         "`standard`: lines for people. `json`: one object on each line.",
         choices=LOG_FORMATS, environment=("BAO_LOG_FORMAT", "VAULT_LOG_FORMAT")),
    Setting("pid_file", Kind.PATH, "", "File that the process id is written to. It is locked while the server runs."),
    Setting("login_failures_per_minute", Kind.COUNT, LOGIN_FAILURES_PER_MINUTE,
         "Failed logins allowed for one client address, at once and in each minute; further logins are answered 429. "
         "0: no limit."),
    Setting("cache_size", Kind.COUNT, CACHE_SIZE,
         "Most decoded storage entries (keys, tokens, policies) that each process keeps in memory.", minimum=1),
    Setting("algorithm_providers", Kind.STRING, "",
         "Library for each named algorithm, as `ml-kem-768=pqcrypto, ...`: `openssl`, `liboqs` or `pqcrypto`. Others "
         "use the first of these that has the algorithm."),
    Setting("fips_mode", Kind.CHOICE, "disabled",
         "Algorithms that FIPS 140-3 doesn't approve are used (`disabled`), used with a warning and never by default "
         "(`preferred`), or refused (`enabled`). See [FIPS modes](fips.md).", choices=FIPS_MODES),
    Setting("crypto_policies", Kind.CHOICE, "enforce",
         "Whether [crypto policies](crypto-policy.md) are enforced. Set `off` only to repair a policy that denies "
         "everything; each start logs a warning.", choices=CRYPTO_POLICIES),
    Setting("inventory_use", Kind.BOOL, True,
         "Whether uses of keys are counted for the [inventory](inventory.md). `false` is for measuring what counting "
         "costs."),
    Setting("inventory_retention", Kind.DURATION, RETENTION_SECONDS,
         "How long the [inventory](inventory.md) lists a destroyed key.", minimum=1),
    Setting("inventory_snapshots", Kind.COUNT, INVENTORY_SNAPSHOTS,
         "Most snapshots of the [inventory](inventory.md) that a namespace keeps; the oldest are deleted first.",
         minimum=1),
    Setting("max_batch_items", Kind.COUNT, MAX_BATCH_ITEMS,
         "Most items in one `batch_input`; more are answered 400. Streams have no such limit.", minimum=1),
    Setting("workers", Kind.COUNT, "",
         "Number of worker processes, at most 512. Unset: one for each processor. Always 1 with storage `inmem` and "
         "with `-dev`.", minimum=1),
    Setting("max_connections", Kind.COUNT, MAX_CONNECTIONS,
         "Most connections, over all workers. Further ones are answered 503 and closed.", minimum=1),
    Setting("max_concurrent_requests", Kind.COUNT, MAX_CONCURRENT_REQUESTS,
         "Most requests under way on each listener, over all workers. Further ones are answered 503.", minimum=1),
    Setting("ui", Kind.BOOL, False,
         "Serves the [console](console.md), a web interface, at `/ui/`. `-dev` turns it on."),
    Setting("ui_address", Kind.STRING, "",
         "`host:port` of a listener of its own for the console, with the TLS settings of the first TCP listener. The "
         "other listeners then don't serve the console. Unset: all listeners serve it."),
    Setting("ui_session_idle", Kind.DURATION, SESSION_IDLE_SECONDS,
         "Idle time after which a session of the console ends.", minimum=60),
    Setting("ui_session_max", Kind.DURATION, SESSION_MAX_SECONDS, "Longest session of the console.", minimum=60),
    Setting("disable_mlock", Kind.BOOL, True,
         "Accepted for existing files. Memory is never locked, so encrypt swap or turn it off."),
    Setting("unsafe_allow_api_audit_creation", Kind.BOOL, False,
         "Allows `sys/audit` to add and remove audit devices. Otherwise only `audit` blocks do."),
    Setting("allow_audit_log_prefixing", Kind.BOOL, False, "Allows the option `prefix` of audit devices."),
    Setting("allow_log_raw", Kind.BOOL, False,
         "Allows the option `log_raw` of audit devices, which writes secrets in the clear. Each start logs a warning "
         "for each such device."),
)  # fmt: skip

_EVERY_LISTENER = (
    Setting("server", Kind.CHOICE, "",
         "HTTP server of this listener: `uvicorn` serves HTTP/1.1 alone, `hypercorn` HTTP/2 and HTTP/1.1. Unset: "
         "uvicorn for HTTP/1.1 and, over TLS, HTTP/2 beside it.", choices=("uvicorn", "hypercorn")),
    Setting("max_request_size", Kind.SIZE, MAX_REQUEST_BYTES,
         "Largest request body, or line of a stream. Larger ones are answered 413.", minimum=1),
    Setting("max_request_duration", Kind.DURATION, 90,
         "Longest time for one request, which is then answered 503. A stream isn't limited while data moves.",
         minimum=1),
    Setting("http_read_header_timeout", Kind.DURATION, 10,
         "Longest time for the TLS handshake, and for the head of a request.", minimum=1),
    Setting("http_read_timeout", Kind.DURATION, 30,
         "Longest time for the body of a request, or for the next line of a stream.", minimum=1),
    Setting("http_idle_timeout", Kind.DURATION, 300,
         "Longest time that a connection stays open between two requests.", minimum=1),
    Setting("disable_unauthed_rekey_endpoints", Kind.BOOL, True, "Turns off `sys/rekey/*`, which needs no token."),
    Setting("disable_unauthed_generate_root_endpoints", Kind.BOOL, True,
         "Turns off `sys/generate-root/*`, which needs no token."),
)  # fmt: skip

LISTENER_TCP = (
    Setting("address", Kind.ADDRESS, DEFAULT_ADDRESS,
         "Address to listen on. Port 0 takes a free port, which the start prints."),
    *_EVERY_LISTENER,
    Setting("tls_disable", Kind.BOOL, False, "Serves plain HTTP. Required to do so on an address that isn't loopback."),
    Setting("tls_cert_file", Kind.PATH, "", "PEM file with the certificate, followed by its intermediates."),
    Setting("tls_key_file", Kind.PATH, "", "PEM file with the private key, without a passphrase."),
    Setting("tls_min_version", Kind.CHOICE, "tls12", "Oldest TLS version accepted.", choices=TLS_VERSIONS),
    Setting("tls_max_version", Kind.CHOICE, "tls13", "Newest TLS version accepted.", choices=TLS_VERSIONS),
    Setting("tls_cipher_suites", Kind.STRING, "",
         "Cipher suites of TLS 1.2, by IANA names, separated by commas. Those of TLS 1.3 can't be chosen."),
    Setting("tls_require_and_verify_client_cert", Kind.BOOL, False, "Refuses clients without a valid certificate."),
    Setting("tls_client_ca_file", Kind.PATH, "",
         "PEM file with the authorities of client certificates. If set, clients are asked for a certificate."),
    Setting("tls_disable_client_certs", Kind.BOOL, False, "Never asks for a client certificate."),
    Setting("x_forwarded_for_authorized_addrs", Kind.NETWORKS, (),
         "Proxies whose `X-Forwarded-For` is trusted. Unset: the header is ignored."),
    Setting("x_forwarded_for_hop_skips", Kind.COUNT, 0, "Number of addresses to skip from the end of the header."),
    Setting("x_forwarded_for_reject_not_present", Kind.BOOL, False, "Refuses requests without the header."),
    Setting("x_forwarded_for_reject_not_authorized", Kind.BOOL, False,
         "Refuses requests with the header from other addresses."),
)  # fmt: skip

LISTENER_UNIX = (
    Setting("address", Kind.PATH, None, "Path of the socket. The server creates it at each start.", required=True),
    *_EVERY_LISTENER,
    Setting("socket_mode", Kind.MODE, 0o600, "Permissions of the socket, in octal."),
    Setting("socket_user", Kind.STRING, "", "Owner of the socket, by name or number."),
    Setting("socket_group", Kind.STRING, "", "Group of the socket, by name or number."),
)  # fmt: skip

STORAGE: dict[str, tuple[Setting, ...]] = {
    "inmem": (),
    "sqlite": (
        Setting("path", Kind.PATH, None, "Database file. The server creates it, and its folder.", required=True),
    ),
}

_DISABLED = Setting("disabled", Kind.BOOL, False, "Ignores the block.")

SEALS: dict[str, tuple[Setting, ...]] = {
    "shamir": (_DISABLED,),
    "static": (
        _DISABLED,
        Setting("current_key_id", Kind.STRING, None,
             "Name of the current key, stored with what it seals.",
             required=True, environment=("BAO_STATIC_SEAL_CURRENT_KEY_ID", "VAULT_STATIC_SEAL_CURRENT_KEY_ID")),
        Setting("current_key", Kind.STRING, None,
             "32 bytes in hexadecimal or base64, `file:///path` (a file with those, or with 32 raw bytes), or "
             "`env://NAME`.",
             required=True, environment=("BAO_STATIC_SEAL_CURRENT_KEY", "VAULT_STATIC_SEAL_CURRENT_KEY")),
        Setting("previous_key_id", Kind.STRING, "",
             "Name of the previous key, while keys are exchanged.",
             environment=("BAO_STATIC_SEAL_PREVIOUS_KEY_ID", "VAULT_STATIC_SEAL_PREVIOUS_KEY_ID")),
        Setting("previous_key", Kind.STRING, "",
             "The previous key.", environment=("BAO_STATIC_SEAL_PREVIOUS_KEY", "VAULT_STATIC_SEAL_PREVIOUS_KEY")),
    ),
}  # fmt: skip

AUDIT = (
    Setting("description", Kind.STRING, "", "Text for people."),
    Setting("local", Kind.BOOL, False, "Accepted for existing files; there is no replication."),
)
"""The words of an ``audit`` block, which also has ``options``, the device's own."""

MAX_PERCENT = 100
TRACING: dict[str, tuple[Setting, ...]] = {
    "otlp": (
        Setting("endpoint", Kind.STRING, None,
             "URL that accepts spans by OTLP over HTTP. Put headers with credentials into "
             "`OTEL_EXPORTER_OTLP_HEADERS`.", required=True, environment=("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",)),
        Setting("service_name", Kind.STRING, "cryptoserve",
             "Name of this server in traces.", environment=("OTEL_SERVICE_NAME",)),
        Setting("sample_percent", Kind.COUNT, MAX_PERCENT,
             "Percentage of requests without a `traceparent` that are traced. For other requests, the caller's "
             "sampling flag decides."),
    ),
}  # fmt: skip
"""Where spans go, by protocol; see ``server.pipeline.tracing``."""

LISTENER_BLOCKS: dict[str, tuple[Setting, ...]] = {
    "telemetry": (
        Setting("unauthenticated_metrics_access", Kind.BOOL, False, "Serves `sys/metrics` without a token."),
    ),
    "inflight_requests_logging": (
        Setting("unauthenticated_in_flight_requests_access", Kind.BOOL, False,
             "Serves `sys/in-flight-req` without a token."),
    ),
}  # fmt: skip
"""The blocks that a listener may hold."""

LISTENERS = {"tcp": LISTENER_TCP, "unix": LISTENER_UNIX}

BLOCKS = ("listener", "storage", "backend", "seal", "audit", "tracing")
"""The blocks of the top level; ``backend`` is Vault's old word for ``storage``."""

IGNORED_TOP = frozenset(
    """
    administrative_namespace_path allow_unauthenticated_workflows cluster_addr cluster_cipher_suites detect_deadlocks
    disable_cache disable_clustering disable_indexing disable_performance_standby disable_printable_check
    disable_sealwrap disable_sentinel_trace disable_ssct_tokens disable_standby_reads enable_response_header_hostname
    enable_response_header_raft_node_id entropy experiments feature_flags ha_backend ha_storage
    imprecise_lease_role_tracking initialize introspection_endpoint kms_library license_path log_file
    log_requests_level log_rotate_bytes log_rotate_duration log_rotate_max_files plugin plugin_auto_download
    plugin_auto_register plugin_directory plugin_download_behavior plugin_download_max_size plugin_file_permissions
    plugin_file_uid raw_storage_endpoint reporting sentinel service_registration telemetry
    unsafe_cross_namespace_identity user_lockout
    """.split()
)
"""Top-level words of Vault or OpenBao that have no effect here."""

IGNORED_LISTENER = frozenset(
    """
    agent_api chroot_namespace cluster_address cors_allow_credentials cors_allowed_headers cors_allowed_origins
    cors_enabled custom_response_headers disable_replication_status_endpoints disable_request_limiter
    http_write_timeout max_json_array_element_count max_json_depth
    max_json_object_entry_count max_json_string_value_length max_request_json_memory max_request_json_strings
    profiling proxy_api proxy_protocol_authorized_addrs proxy_protocol_behavior purpose redact_addresses
    redact_cluster_name redact_version require_request_header role tls_acme_alpn_challenge_port
    tls_acme_ca_directory tls_acme_ca_root tls_acme_cache_path tls_acme_challenge_host tls_acme_disable_alpn_challenge
    tls_acme_disable_http_challenge tls_acme_domains tls_acme_eab_key_id tls_acme_eab_mac_key tls_acme_email
    tls_acme_http_challenge_port tls_acme_key_type tls_acme_test_ca_directory tls_auto_reload
    tls_auto_reload_interval tls_key_exchange_preferences tls_prefer_server_cipher_suites
    x_forwarded_for_client_cert_decoders x_forwarded_for_client_cert_header
    """.split()
)
"""Listener words of Vault or OpenBao that have no effect here."""

IGNORED_TELEMETRY = frozenset({"disallow_metrics", "metrics_only"})
IGNORED_STORAGE = frozenset({"max_parallel", "max_value_size"})
IGNORED_SEAL = frozenset({"name", "priority", "purpose", "recovery_seal"})
