"""The API of ``sys``, as one table; and the part of it that works while the server is sealed."""

from __future__ import annotations

from dataclasses import replace

from engines.base import Access, EngineType, Nothing, Route, Row, Scope
from engines.base.operations import DELETE, LIST, PATCH, READ, SCAN, UPDATE
from engines.transit.random import Random, RandomBySegment, random, random_by_segment
from engines.transit.signature.hash import Hashing
from server.system.access import (
    capabilities,
    cors,
    leases,
    locked_users,
    namespaces,
    password_policies,
    policies,
    quotas,
    tools,
    ui_headers,
    wrapping,
)
from server.system.access.dry_run import evaluate as acl_evaluate
from server.system.access.dry_run import replay as acl_replay
from server.system.audit import devices as audit
from server.system.audit import headers as audited_headers
from server.system.audit import ledger as audit_ledger
from server.system.audit import ledger_changes as audit_ledger_changes
from server.system.crypto import evaluate, exceptions, impact, profiles, replay
from server.system.crypto import policies as crypto_policies
from server.system.inspect import algorithms, fips, loggers, metrics, router, status
from server.system.inspect import overview as inspection
from server.system.inventory import callers, cbom, reports, snapshots
from server.system.inventory import views as inventory
from server.system.mounts import plugins as plugin_catalog
from server.system.mounts import reload, remount
from server.system.mounts import table as mounts
from server.system.mounts import tuning as mount_tuning
from server.system.mounts import visible as visible_mounts
from server.system.seal import generate_root, health, rekey, rotation, seal, share_rotation
from server.system.seal.shares import ShareBody
from server.system.state import System

OPEN, PUBLIC, SUDO = Access.OPEN, Access.PUBLIC, Access.SUDO
EACH, ROOT, SERVER, SEAL = Scope.EACH, Scope.ROOT, Scope.SERVER, Scope.SEAL

_SEAL = Route(UPDATE, "seal", seal.seal, Nothing, "Seal the server.", SUDO, scope=SERVER)

_REFUSED = tuple(
    Route(operation, path, seal.refuse_unauthenticated, Nothing, "Refused, unless a listener allows it.", OPEN,
          scope=SERVER)
    for path in sorted({route.path for route in (*generate_root.GENERATE_ROOT_ROUTES, *rekey.REKEY_ROUTES)})
    for operation in (READ, UPDATE, DELETE)
)  # fmt: skip
"""Routes that take shares instead of a token, refused unless a listener opens them (``pipeline.open_routes``)."""

ROUTES: tuple[Row[System], ...] = (
    # The server's state
    Route(READ, "init", seal.read_init, Nothing, "Show whether the server is initialised.", OPEN, scope=SERVER),
    Route(UPDATE, "init", seal.initialize, seal.InitBody, "Initialise the server.", OPEN, scope=SERVER),
    Route(UPDATE, "unseal", seal.unseal, seal.UnsealBody, "Submit one share of the unseal key.", OPEN, scope=SERVER),
    _SEAL,
    Route(READ, "seal-status", seal.read_seal_status, Nothing, "Show the state of the seal.", OPEN, scope=EACH),
    Route(READ, "health", health.read_health, health.HealthBody, "Show the server's state, also as the HTTP status.",
          OPEN, head=True, bare=True, scope=SERVER, always_served=True, guarded_by="deep", waits_for_audit=False),
    Route(READ, "leader", seal.read_leader, Nothing, "Show which server is active.", OPEN, scope=EACH),
    Route(UPDATE, "step-down", status.step_down, Nothing,
          "Step down as the active server; without effect on a single server.", OPEN, scope=SERVER),
    *_REFUSED,
    # Secrets engines
    Route(READ, "mounts", mounts.list_mounts, Nothing, "List the secrets engines.", writes=False, echo=True,
          scope=EACH),
    Route(READ, "mounts/{path:path}", mounts.read_mount, mounts.PathBody, "Show a secrets engine.", writes=False,
          echo=True, scope=EACH),
    Route(UPDATE, "mounts/{path:path}", mounts.enable_mount, mounts.EnableBody, "Mount a secrets engine.", scope=EACH),
    Route(DELETE, "mounts/{path:path}", mounts.disable_mount, mounts.PathBody, "Unmount an engine and delete its data.",
          scope=EACH),
    Route(READ, "mounts/{path:path}/tune", mount_tuning.read_mount_tuning, mounts.PathBody,
          "Show the settings of a secrets engine.", writes=False, echo=True, scope=EACH),
    Route(UPDATE, "mounts/{path:path}/tune", mount_tuning.tune_mount, mount_tuning.TuneBody,
          "Change the settings of a secrets engine.", scope=EACH),
    # Auth methods
    Route(READ, "auth", mounts.list_auth, Nothing, "List the auth methods.", writes=False, echo=True, scope=EACH),
    Route(READ, "auth/{path:path}", mounts.read_auth, mounts.PathBody, "Show an auth method.", SUDO, writes=False,
          echo=True, scope=EACH),
    Route(UPDATE, "auth/{path:path}", mounts.enable_auth, mounts.EnableBody, "Mount an auth method.", SUDO, scope=EACH),
    Route(DELETE, "auth/{path:path}", mounts.disable_auth, mounts.PathBody, "Unmount a method and delete its data.",
          SUDO, scope=EACH),
    Route(READ, "auth/{path:path}/tune", mount_tuning.read_auth_tuning, mounts.PathBody,
          "Show the settings of an auth method.", SUDO, writes=False, echo=True, scope=EACH),
    Route(UPDATE, "auth/{path:path}/tune", mount_tuning.tune_auth, mount_tuning.TuneBody,
          "Change the settings of an auth method.", SUDO, scope=EACH),
    # Both
    Route(UPDATE, "remount", remount.remount, remount.RemountBody, "Move a mount with its data.", SUDO, echo=True,
          scope=EACH),
    Route(READ, "remount/status/{migration_id:any}", remount.read_remount_status, remount.MigrationBody,
          "Show the state of a move.", writes=False, scope=EACH),
    # Namespaces
    Route(LIST, "namespaces", namespaces.list_namespaces, Nothing, "List the namespaces directly below.", writes=False,
          scope=EACH),
    Route(SCAN, "namespaces", namespaces.scan_namespaces, Nothing, "List all namespaces below.", writes=False,
          scope=EACH),
    Route(READ, "namespaces/{path:path}", namespaces.read_namespace, namespaces.NameBody, "Show a namespace.",
          writes=False, scope=EACH),
    Route(UPDATE, "namespaces/{path:path}", namespaces.write_namespace, namespaces.NamespaceBody,
          "Create a namespace, or replace its metadata.", scope=EACH),
    Route(PATCH, "namespaces/{path:path}", namespaces.patch_namespace, namespaces.MetadataBody,
          "Change parts of a namespace's metadata.", scope=EACH),
    Route(DELETE, "namespaces/{path:path}", namespaces.delete_namespace, namespaces.NameBody,
          "Delete a namespace and all of its data.", scope=EACH),
    Route(UPDATE, "namespaces/api-lock/lock", namespaces.lock_namespace, namespaces.LockBody,
          "Lock this namespace: refuse all requests but the one that unlocks it.", scope=EACH),
    Route(UPDATE, "namespaces/api-lock/lock/{path:path}", namespaces.lock_namespace, namespaces.LockBody,
          "Lock a namespace: refuse all requests but the one that unlocks it.", scope=EACH),
    Route(UPDATE, "namespaces/api-lock/unlock", namespaces.unlock_namespace, namespaces.UnlockBody,
          "Unlock this namespace.", scope=EACH, unlocks=True),
    Route(UPDATE, "namespaces/api-lock/unlock/{path:path}", namespaces.unlock_namespace, namespaces.UnlockBody,
          "Unlock a namespace.", scope=EACH),
    # Policies
    Route(LIST, "policies/acl", policies.list_policies, Nothing, "List the policies.", writes=False, scope=EACH),
    Route(LIST, "policies/acl/{name:path}", policies.list_policies_below, policies.PolicyBody,
          "List the policies below a name.", writes=False, scope=EACH),
    Route(READ, "policies/acl/{name:path}", policies.read_policy, policies.PolicyBody, "Show a policy.", writes=False,
          scope=EACH),
    Route(UPDATE, "policies/acl/{name:path}", policies.write_policy, policies.WritePolicyBody, "Write a policy.",
          scope=EACH),
    Route(PATCH, "policies/acl/{name:path}", policies.patch_policy, policies.WritePolicyBody,
          "Change parts of a policy.", scope=EACH),
    Route(DELETE, "policies/acl/{name:path}", policies.delete_policy, policies.PolicyBody, "Delete a policy.",
          scope=EACH),
    Route(LIST, "policies/detailed/acl", policies.list_detailed, policies.PolicyBody, "Show the policies.",
          writes=False, scope=EACH),
    Route(LIST, "policies/detailed/acl/{name:path}", policies.list_detailed, policies.PolicyBody,
          "Show the policies below a name.", writes=False, scope=EACH),
    Route(READ, "policy", policies.list_old_policies, Nothing, "List the policies.", writes=False, echo=True,
          scope=EACH),
    Route(LIST, "policy", policies.list_old_policies, Nothing, "List the policies.", writes=False, echo=True,
          scope=EACH),
    Route(READ, "policy/{name:path}", policies.read_old_policy, policies.PolicyBody, "Show a policy.", writes=False,
          echo=True, scope=EACH),
    Route(UPDATE, "policy/{name:path}", policies.write_old_policy, policies.WriteOldPolicyBody, "Write a policy.",
          scope=EACH),
    Route(DELETE, "policy/{name:path}", policies.delete_policy, policies.PolicyBody, "Delete a policy.", scope=EACH),
    # Password policies
    Route(LIST, "policies/password", password_policies.list_password_policies, Nothing, "List the password policies.",
          writes=False, scope=EACH),
    Route(READ, "policies/password/{name:any}", password_policies.read_password_policy,
          password_policies.PasswordPolicyBody, "Show a password policy.", writes=False, scope=EACH),
    Route(UPDATE, "policies/password/{name:any}", password_policies.write_password_policy,
          password_policies.WritePasswordPolicyBody, "Write a password policy.", scope=EACH),
    Route(DELETE, "policies/password/{name:any}", password_policies.delete_password_policy,
          password_policies.PasswordPolicyBody, "Delete a password policy.", scope=EACH),
    Route(READ, "policies/password/{name:any}/generate", password_policies.generate_password,
          password_policies.PasswordPolicyBody, "Generate a password.", writes=False, scope=EACH),
    # Capabilities
    Route(UPDATE, "capabilities", capabilities.capabilities, capabilities.TokenCapabilitiesBody,
          "Show the capabilities of a token.", writes=False, echo=True, scope=EACH),
    Route(UPDATE, "capabilities-self", capabilities.capabilities_self, capabilities.OwnCapabilitiesBody,
          "Show the capabilities of the calling token.", writes=False, echo=True, scope=EACH),
    Route(UPDATE, "capabilities-accessor", capabilities.capabilities_accessor, capabilities.AccessorCapabilitiesBody,
          "Show the capabilities of the token with an accessor.", writes=False, echo=True, scope=EACH),
    # Wrapped answers
    Route(UPDATE, "wrapping/wrap", wrapping.wrap, wrapping.AnythingBody,
          "Wrap the request's data in a response-wrapping token.", writes=False, scope=EACH),
    Route(UPDATE, "wrapping/lookup", wrapping.look_up, wrapping.TokenBody, "Show the properties of a wrapping token.",
          PUBLIC, writes=False, scope=EACH, wrapping_token=True),
    Route(READ, "wrapping/lookup", wrapping.look_up, wrapping.TokenBody, "Show the properties of a wrapping token.",
          PUBLIC, writes=False, scope=EACH, wrapping_token=True),
    Route(UPDATE, "wrapping/unwrap", wrapping.unwrap, wrapping.TokenBody, "Return the wrapped data, once.", scope=EACH,
          wrapping_token=True),
    Route(UPDATE, "wrapping/rewrap", wrapping.rewrap, wrapping.TokenBody,
          "Move the wrapped data to a new wrapping token.", scope=EACH, wrapping_token=True),
    # Leases
    Route(UPDATE, "leases/lookup", leases.look_up, leases.LeaseBody, "Show a lease.", writes=False, scope=EACH,
          located_by="lease_id"),
    Route(LIST, "leases/lookup", leases.list_leases, leases.PrefixBody, "List the leases.", SUDO, writes=False,
          scope=EACH),
    Route(LIST, "leases/lookup/{prefix:path}", leases.list_leases, leases.PrefixBody, "List the leases below a path.",
          SUDO, writes=False, scope=EACH),
    Route(UPDATE, "leases/renew", leases.renew, leases.RenewBody, "Renew a lease.", writes=False, scope=EACH,
          located_by="lease_id"),
    Route(UPDATE, "leases/renew/{url_lease_id:path}", leases.renew, leases.RenewBody, "Renew a lease.", writes=False,
          scope=EACH, located_by="url_lease_id"),
    Route(UPDATE, "leases/revoke", leases.revoke, leases.LeaseBody, "Revoke a lease.", scope=EACH,
          located_by="lease_id"),
    Route(UPDATE, "leases/revoke/{url_lease_id:path}", leases.revoke, leases.LeaseBody, "Revoke a lease.", scope=EACH,
          located_by="url_lease_id"),
    Route(UPDATE, "leases/revoke-prefix/{prefix:path}", leases.revoke_prefix, leases.PrefixBody,
          "Revoke all leases below a path.", SUDO, scope=EACH),
    Route(UPDATE, "leases/revoke-force/{prefix:path}", leases.revoke_force, leases.PrefixBody,
          "Revoke all leases below a path, and ignore errors.", SUDO, scope=EACH),
    Route(UPDATE, "leases/tidy", leases.tidy, Nothing, "Remove index entries without a lease.", scope=EACH),
    Route(READ, "leases/count", leases.count, leases.CountBody, "Count the leases of a type.", writes=False,
          scope=EACH),
    Route(READ, "leases", leases.list_irrevocable, leases.ListBody, "List the leases of a type.", writes=False,
          scope=EACH),
    # Lockouts
    Route(READ, "locked-users", locked_users.list_locked_users, locked_users.LockedUsersBody,
          "List the accounts that are locked after failed logins.", writes=False, scope=EACH),
    Route(UPDATE, "locked-users/{mount_accessor}/unlock/{alias_identifier:path}", locked_users.unlock_user,
          locked_users.UnlockBody, "Unlock an account after failed logins.", scope=EACH),
    # Audit devices
    Route(READ, "audit", audit.list_devices, Nothing, "List the audit devices.", SUDO, writes=False, echo=True,
          scope=ROOT),
    Route(UPDATE, "audit/{path:path}", audit.enable_device, audit.EnableDeviceBody, "Add an audit device.", SUDO,
          scope=ROOT),
    Route(DELETE, "audit/{path:path}", audit.disable_device, audit.DeviceBody, "Remove an audit device.", SUDO,
          scope=ROOT),
    Route(UPDATE, "audit-hash/{path:path}", audit.hash_input, audit.HashBody,
          "Return the HMAC of a text, as an audit device writes it.", writes=False, echo=True, scope=ROOT),
    *audit_ledger.LEDGER_ROUTES,
    *audit_ledger_changes.LEDGER_CHANGE_ROUTES,
    Route(READ, "config/auditing/request-headers", audited_headers.list_headers, Nothing,
          "List the request headers that are audited.", SUDO, writes=False, echo=True, scope=ROOT),
    Route(READ, "config/auditing/request-headers/{header:path}", audited_headers.read_header,
          audited_headers.HeaderBody, "Show how a request header is audited.", SUDO, writes=False, echo=True,
          scope=ROOT),
    Route(UPDATE, "config/auditing/request-headers/{header:path}", audited_headers.write_header,
          audited_headers.WriteHeaderBody, "Audit a request header.", SUDO, scope=ROOT),
    Route(DELETE, "config/auditing/request-headers/{header:path}", audited_headers.delete_header,
          audited_headers.HeaderBody, "Stop auditing a request header.", SUDO, scope=ROOT),
    # Quotas and cross-origin rules
    Route(LIST, "quotas/rate-limit", quotas.list_quotas, Nothing, "List the rate-limit quotas.", writes=False,
          scope=ROOT),
    Route(READ, "quotas/rate-limit/{name}", quotas.read_quota, quotas.QuotaNameBody, "Show a rate-limit quota.",
          writes=False, scope=ROOT),
    Route(UPDATE, "quotas/rate-limit/{name}", quotas.write_quota, quotas.QuotaBody, "Write a rate-limit quota.",
          scope=ROOT),
    Route(DELETE, "quotas/rate-limit/{name}", quotas.delete_quota, quotas.QuotaNameBody, "Delete a rate-limit quota.",
          scope=ROOT),
    Route(READ, "quotas/config", quotas.read_quota_config, Nothing, "Show the settings of all quotas.", writes=False,
          scope=ROOT),
    Route(UPDATE, "quotas/config", quotas.write_quota_config, quotas.QuotaConfigBody,
          "Change the settings of all quotas.", scope=ROOT),
    Route(READ, "config/cors", cors.read_cors, Nothing, "Show the cross-origin (CORS) rules.", SUDO, writes=False,
          echo=True, scope=ROOT),
    Route(UPDATE, "config/cors", cors.write_cors, cors.CorsBody, "Set the cross-origin (CORS) rules, and turn them on.",
          SUDO, scope=ROOT),
    Route(DELETE, "config/cors", cors.delete_cors, Nothing, "Turn the cross-origin rules off.", SUDO, scope=ROOT),
    Route(LIST, "config/ui/headers", ui_headers.list_headers, Nothing, "List the headers for a web interface.", SUDO,
          writes=False, scope=ROOT),
    Route(READ, "config/ui/headers/{header}", ui_headers.read_header, ui_headers.HeaderBody,
          "Show a header for a web interface.", SUDO, writes=False, scope=ROOT),
    Route(UPDATE, "config/ui/headers/{header}", ui_headers.write_header, ui_headers.WriteHeaderBody,
          "Set a header for a web interface.", SUDO, scope=ROOT),
    Route(DELETE, "config/ui/headers/{header}", ui_headers.delete_header, ui_headers.HeaderBody,
          "Delete a header for a web interface.", SUDO, scope=ROOT),
    # Tools
    Route(UPDATE, "tools/random", random, Random, "Generate random bytes.", writes=False, scope=EACH),
    Route(UPDATE, "tools/random/{segment}", random_by_segment, RandomBySegment, "Generate random bytes.", writes=False,
          scope=EACH),
    Route(UPDATE, "tools/random/{source}/{urlbytes:path}", random, Random, "Generate random bytes.", writes=False,
          scope=EACH),
    Route(UPDATE, "tools/hash", tools.hash_input, Hashing, "Hash some data.", writes=False, scope=EACH),
    Route(UPDATE, "tools/hash/{urlalgorithm:path}", tools.hash_input, Hashing, "Hash some data.", writes=False,
          scope=EACH),
    # The barrier's key
    Route(READ, "key-status", rotation.read_key_status, Nothing, "Show the term and age of the present encryption key.",
          writes=False, echo=True, scope=SEAL),
    Route(UPDATE, "rotate", rotation.rotate, Nothing, "Rotate the encryption key.", SUDO, scope=SEAL),
    Route(UPDATE, "rotate/keyring", rotation.rotate, Nothing, "Rotate the encryption key.", SUDO, scope=SEAL),
    Route(UPDATE, "rotate/root", share_rotation.rotate_root, Nothing, "Rotate the root key.", SUDO, scope=SEAL,
          no_seal="failed to rotate barrier root key: namespace is not sealable"),
    Route(READ, "rotate/config", rotation.read_rotation, Nothing, "Show the settings of automatic rotation.",
          writes=False, scope=SEAL),
    Route(UPDATE, "rotate/config", rotation.write_rotation, rotation.RotationBody,
          "Change the settings of automatic rotation.", scope=SEAL),
    Route(READ, "rotate/keyring/config", rotation.read_rotation, Nothing, "Show the settings of automatic rotation.",
          writes=False, scope=SEAL),
    Route(UPDATE, "rotate/keyring/config", rotation.write_rotation, rotation.RotationBody,
          "Change the settings of automatic rotation.", scope=SEAL),
    # Shares
    *share_rotation.SHARE_ROTATION_ROUTES,
    Route(READ, "rekey/backup", rekey.read_unseal_backup, Nothing, "Show the stored encrypted shares.", writes=False,
          echo=True, scope=SERVER),
    Route(DELETE, "rekey/backup", rekey.delete_unseal_backup, Nothing, "Delete the stored encrypted shares.",
          scope=SERVER),
    Route(READ, "rekey/recovery-key-backup", rekey.read_recovery_backup, Nothing,
          "Show the stored encrypted recovery shares.", writes=False, echo=True, scope=SERVER),
    Route(DELETE, "rekey/recovery-key-backup", rekey.delete_recovery_backup, Nothing,
          "Delete the stored encrypted recovery shares.", scope=SERVER),
    Route(READ, "generate-root-token/attempt", generate_root.read_with_token, Nothing,
          "Show the progress of generating a root token.", writes=False, scope=SEAL),
    Route(UPDATE, "generate-root-token/attempt", generate_root.begin_with_token, generate_root.GenerationBody,
          "Begin to generate a root token.", scope=SEAL),
    Route(DELETE, "generate-root-token/attempt", generate_root.cancel, Nothing,
          "Cancel the generation of a root token.", scope=SEAL),
    Route(UPDATE, "generate-root-token/update", generate_root.update_with_token, ShareBody,
          "Submit a share; the last one generates the token.", scope=SEAL),
    Route(UPDATE, "decode-token", generate_root.decode, generate_root.DecodeBody, "Decode a generated root token.",
          PUBLIC, writes=False, scope=EACH),
    # The server itself
    Route(READ, "ha-status", status.read_ha_status, Nothing, "Show the servers of the cluster.", writes=False,
          echo=True, scope=EACH),
    Route(READ, "replication/status", status.read_replication, Nothing,
          "Show the state of replication, which is disabled.", PUBLIC, writes=False, scope=ROOT),
    Route(READ, "internal/counters/requests", status.count_requests, Nothing, "Removed; see the metrics.", writes=False,
          scope=EACH),
    Route(READ, "internal/counters/tokens", status.count_tokens, Nothing, "Count the service tokens.", writes=False,
          scope=EACH),
    Route(READ, "internal/counters/entities", status.count_entities, Nothing, "Count the entities.", writes=False,
          scope=EACH),
    Route(READ, "metrics", metrics.read_metrics, metrics.MetricsBody, "Return the metrics.", writes=False, bare=True,
          scope=SERVER, opened_by="metrics"),
    Route(READ, "in-flight-req", status.read_in_flight, Nothing, "Show the requests in flight.", writes=False,
          bare=True, scope=SERVER, opened_by="in_flight"),
    Route(READ, "loggers", loggers.read_loggers, Nothing, "Show the level of each logger.", writes=False, scope=ROOT),
    Route(UPDATE, "loggers", loggers.write_loggers, loggers.LevelBody, "Set the level of all loggers.", scope=ROOT),
    Route(DELETE, "loggers", loggers.reset_loggers, Nothing, "Reset all loggers to the configured level.", scope=ROOT),
    Route(READ, "loggers/{name:any}", loggers.read_logger, loggers.LoggerBody, "Show the level of a logger.",
          writes=False, scope=ROOT),
    Route(UPDATE, "loggers/{name:any}", loggers.write_logger, loggers.LevelBody, "Set the level of a logger.",
          scope=ROOT),
    Route(DELETE, "loggers/{name:any}", loggers.reset_logger, loggers.LoggerBody,
          "Reset a logger to the configured level.", scope=ROOT),
    Route(READ, "host-info", inspection.read_host, Nothing, "Show the machine's resources.", writes=False, scope=ROOT),
    Route(LIST, "version-history", inspection.list_versions, Nothing, "List the versions that have run here.",
          writes=False, scope=EACH),
    Route(READ, "config/state/sanitized", inspection.read_configuration, Nothing, "Show the configuration.",
          writes=False, scope=ROOT),
    Route(READ, "plugins/catalog", plugin_catalog.read_catalog, Nothing, "Show all plug-ins.", writes=False,
          scope=EACH),
    Route(LIST, "plugins/catalog/{type}", plugin_catalog.list_plugins, plugin_catalog.KindBody,
          "List the plug-ins of one kind.", SUDO, writes=False, scope=EACH),
    Route(READ, "plugins/catalog/{type}/{name}", plugin_catalog.read_plugin, plugin_catalog.PluginBody,
          "Show a plug-in.", SUDO, writes=False, scope=EACH),
    Route(UPDATE, "plugins/reload/backend", reload.reload_plugin, reload.ReloadBody,
          "Reload the engines of a plug-in, or those of some mounts.", scope=EACH),
    Route(READ, "fips", fips.read_fips, Nothing, "Show the FIPS mode and what follows from it.", writes=False,
          scope=ROOT),
    Route(READ, "algorithms", algorithms.read_algorithms, Nothing, "Show the algorithms, their facts and providers.",
          writes=False, scope=EACH),
    Route(LIST, "algorithms", algorithms.list_algorithms, Nothing, "List the algorithms.", writes=False, scope=EACH),
    Route(READ, "algorithms/{name}", algorithms.read_algorithm, algorithms.AlgorithmBody, "Show an algorithm's facts.",
          writes=False, scope=EACH),
    *acl_evaluate.EVALUATE_ROUTES,
    *acl_replay.REPLAY_ROUTES,
    # Crypto policy
    *crypto_policies.POLICY_ROUTES,
    *exceptions.EXCEPTION_ROUTES,
    *evaluate.EVALUATE_ROUTES,
    *impact.IMPACT_ROUTES,
    *replay.REPLAY_ROUTES,
    *profiles.PROFILE_ROUTES,
    *inventory.INVENTORY_ROUTES,
    *cbom.CBOM_ROUTES,
    *reports.REPORT_ROUTES,
    *snapshots.SNAPSHOT_ROUTES,
    *callers.CALLER_ROUTES,
    # For user interfaces
    Route(READ, "internal/ui/namespaces", visible_mounts.list_visible_namespaces, Nothing,
          "List the namespaces that the caller may see.", PUBLIC, writes=False, scope=EACH),
    Route(READ, "internal/ui/mounts", visible_mounts.list_visible_mounts, Nothing,
          "List the mounts that the caller may see.", PUBLIC, writes=False, scope=EACH),
    Route(READ, "internal/ui/mounts/{path:path}", visible_mounts.read_visible_mount, mounts.PathBody,
          "Show the mount of a path.", PUBLIC, writes=False, scope=EACH),
    Route(READ, "internal/ui/resultant-acl", capabilities.read_resultant_acl, Nothing,
          "Show the merged rules of the caller's policies.", writes=False, scope=EACH),
    Route(READ, "internal/inspect/router/{tag}", router.read_router, router.TreeBody,
          "Show the mounts of all namespaces.", SUDO, writes=False, scope=ROOT),
    Route(READ, "internal/specs/openapi", inspection.read_specification, inspection.SpecificationBody,
          "Return the OpenAPI document.", PUBLIC, writes=False, bare=True, scope=EACH),
    Route(UPDATE, "internal/specs/openapi", inspection.read_specification, inspection.SpecificationBody,
          "Return the OpenAPI document.", PUBLIC, writes=False, bare=True, scope=EACH),
)  # fmt: skip

SEALED_ROUTES: tuple[Row[System], ...] = (
    *(route for route in ROUTES if route.access is OPEN),
    # A sealed server has no policies that could allow sealing, and is sealed already.
    replace(_SEAL, access=OPEN),
)

NOT_SERVED = frozenset({"pprof", "raw", "storage"})
"""First segments of Vault's paths that concern the server as a whole and have no rows."""

ALWAYS_SERVED = frozenset(f"/v1/sys/{route.path}" for route in ROUTES if route.always_served)
"""Paths that are served whatever the number of requests under way."""

SYSTEM = EngineType(
    type="system",
    summary="The server itself: its seal, mounts, policies, audit devices and keys",
    routes=ROUTES,
    open=System,
)
