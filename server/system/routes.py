"""The whole API of ``sys``, as one table; and the part of it that works while the server is sealed."""

from __future__ import annotations

from dataclasses import replace

from engines.base import Access, Nothing, Operation, Route
from engines.transit.hash import Hashing
from engines.transit.random import Random, RandomBySegment, random_by_segment
from server.system import (
    algorithms,
    audit,
    capabilities,
    inspection,
    leases,
    locked_users,
    mount_tuning,
    mounts,
    plugin_catalog,
    policies,
    remount,
    rotation,
    seal,
    tools,
    visible_mounts,
    wrapping,
)

READ, LIST, UPDATE, PATCH, DELETE = (
    Operation.READ,
    Operation.LIST,
    Operation.UPDATE,
    Operation.PATCH,
    Operation.DELETE,
)
OPEN, PUBLIC, SUDO = Access.OPEN, Access.PUBLIC, Access.SUDO

_SEAL = Route(UPDATE, "seal", seal.seal, Nothing, "Seal the server.", SUDO)

_REFUSED = tuple(
    Route(operation, path, seal.refuse_unauthenticated, Nothing, "Disabled: it takes no token.", OPEN)
    for path in ("generate-root/attempt", "generate-root/update", "rekey/init", "rekey/update", "rekey/verify")
    for operation in (READ, UPDATE, DELETE)
)

ROUTES: tuple[Route, ...] = (
    # The server's state
    Route(READ, "init", seal.read_init, Nothing, "Tell whether the server is initialised.", OPEN),
    Route(UPDATE, "init", seal.initialize, seal.InitBody, "Initialise the server.", OPEN),
    Route(UPDATE, "unseal", seal.unseal, seal.UnsealBody, "Take one share of the unseal key.", OPEN),
    _SEAL,
    Route(READ, "seal-status", seal.read_seal_status, Nothing, "Show the state of the seal.", OPEN),
    Route(READ, "health", seal.read_health, seal.HealthBody, "Show the server's state, as a status code too.", OPEN,
          head=True),
    Route(READ, "leader", seal.read_leader, Nothing, "Tell which server leads.", OPEN),
    *_REFUSED,
    # Secrets engines
    Route(READ, "mounts", mounts.list_mounts, Nothing, "List the secrets engines.", writes=False, echo=True),
    Route(READ, "mounts/{path:path}", mounts.read_mount, mounts.PathBody, "Show a secrets engine.", writes=False,
          echo=True),
    Route(UPDATE, "mounts/{path:path}", mounts.enable_mount, mounts.EnableBody, "Mount a secrets engine."),
    Route(DELETE, "mounts/{path:path}", mounts.disable_mount, mounts.PathBody, "Unmount an engine; its data is gone."),
    Route(READ, "mounts/{path:path}/tune", mount_tuning.read_mount_tuning, mounts.PathBody,
          "Show the settings of a secrets engine.", writes=False, echo=True),
    Route(UPDATE, "mounts/{path:path}/tune", mount_tuning.tune_mount, mount_tuning.TuneBody,
          "Change the settings of a secrets engine."),
    # Auth methods
    Route(READ, "auth", mounts.list_auth, Nothing, "List the auth methods.", writes=False, echo=True),
    Route(READ, "auth/{path:path}", mounts.read_auth, mounts.PathBody, "Show an auth method.", SUDO, writes=False,
          echo=True),
    Route(UPDATE, "auth/{path:path}", mounts.enable_auth, mounts.EnableBody, "Mount an auth method.", SUDO),
    Route(DELETE, "auth/{path:path}", mounts.disable_auth, mounts.PathBody, "Unmount a method, delete its data.",
          SUDO),
    Route(READ, "auth/{path:path}/tune", mount_tuning.read_auth_tuning, mounts.PathBody,
          "Show the settings of an auth method.", SUDO, writes=False, echo=True),
    Route(UPDATE, "auth/{path:path}/tune", mount_tuning.tune_auth, mount_tuning.TuneBody,
          "Change the settings of an auth method.", SUDO),
    # Both
    Route(UPDATE, "remount", remount.remount, remount.RemountBody, "Move a mount with its data.", SUDO, echo=True),
    Route(READ, "remount/status/{migration_id:any}", remount.read_remount_status, remount.MigrationBody,
          "Tell how a move went.", writes=False),
    # Policies
    Route(LIST, "policies/acl", policies.list_policies, Nothing, "List the policies.", writes=False),
    Route(LIST, "policies/acl/{name:path}", policies.list_policies_below, policies.PolicyBody,
          "List the policies below a name.", writes=False),
    Route(READ, "policies/acl/{name:path}", policies.read_policy, policies.PolicyBody, "Show a policy.", writes=False),
    Route(UPDATE, "policies/acl/{name:path}", policies.write_policy, policies.WritePolicyBody, "Write a policy."),
    Route(PATCH, "policies/acl/{name:path}", policies.patch_policy, policies.WritePolicyBody,
          "Change parts of a policy."),
    Route(DELETE, "policies/acl/{name:path}", policies.delete_policy, policies.PolicyBody, "Delete a policy."),
    Route(READ, "policy", policies.list_old_policies, Nothing, "List the policies.", writes=False, echo=True),
    Route(LIST, "policy", policies.list_old_policies, Nothing, "List the policies.", writes=False, echo=True),
    Route(READ, "policy/{name:path}", policies.read_old_policy, policies.PolicyBody, "Show a policy.", writes=False,
          echo=True),
    Route(UPDATE, "policy/{name:path}", policies.write_old_policy, policies.WriteOldPolicyBody, "Write a policy."),
    Route(DELETE, "policy/{name:path}", policies.delete_policy, policies.PolicyBody, "Delete a policy."),
    # Capabilities
    Route(UPDATE, "capabilities", capabilities.capabilities, capabilities.TokenCapabilitiesBody,
          "Tell what a token may do.", writes=False, echo=True),
    Route(UPDATE, "capabilities-self", capabilities.capabilities_self, capabilities.CapabilitiesBody,
          "Tell what the calling token may do.", writes=False, echo=True),
    Route(UPDATE, "capabilities-accessor", capabilities.capabilities_accessor,
          capabilities.AccessorCapabilitiesBody, "Tell what the token with an accessor may do.", writes=False,
          echo=True),
    # Wrapped answers
    Route(UPDATE, "wrapping/wrap", wrapping.wrap, wrapping.AnythingBody, "Wrap what is sent.", writes=False),
    Route(UPDATE, "wrapping/lookup", wrapping.look_up, wrapping.TokenBody, "Tell of what is wrapped.", PUBLIC,
          writes=False),
    Route(READ, "wrapping/lookup", wrapping.look_up, wrapping.TokenBody, "Tell of what is wrapped.", PUBLIC,
          writes=False),
    Route(UPDATE, "wrapping/unwrap", wrapping.unwrap, wrapping.TokenBody, "Give out what is wrapped, once."),
    Route(UPDATE, "wrapping/rewrap", wrapping.rewrap, wrapping.TokenBody, "Wrap what is wrapped anew."),
    # Leases
    Route(UPDATE, "leases/lookup", leases.look_up, leases.LeaseBody, "Show a lease.", writes=False),
    Route(LIST, "leases/lookup", leases.list_leases, leases.PrefixBody, "List the leases.", SUDO, writes=False),
    Route(LIST, "leases/lookup/{prefix:path}", leases.list_leases, leases.PrefixBody, "List the leases below a path.",
          SUDO, writes=False),
    Route(UPDATE, "leases/renew", leases.renew, leases.RenewBody, "Renew a lease.", writes=False),
    Route(UPDATE, "leases/renew/{url_lease_id:path}", leases.renew, leases.RenewBody, "Renew a lease.", writes=False),
    Route(UPDATE, "leases/revoke", leases.revoke, leases.LeaseBody, "End a lease."),
    Route(UPDATE, "leases/revoke/{url_lease_id:path}", leases.revoke, leases.LeaseBody, "End a lease."),
    Route(UPDATE, "leases/revoke-prefix/{prefix:path}", leases.revoke_prefix, leases.PrefixBody,
          "End all leases below a path.", SUDO),
    Route(UPDATE, "leases/revoke-force/{prefix:path}", leases.revoke_prefix, leases.PrefixBody,
          "End all leases below a path, whatever happens.", SUDO),
    Route(UPDATE, "leases/tidy", leases.tidy, Nothing, "Remove what belongs to no lease."),
    Route(READ, "leases/count", leases.count, leases.CountBody, "Count leases of a kind.", writes=False),
    Route(READ, "leases", leases.list_irrevocable, leases.ListBody, "List leases of a kind.", writes=False),
    # Lockouts
    Route(READ, "locked-users", locked_users.list_locked_users, locked_users.LockedUsersBody,
          "List who is locked out after too many failed logins.", writes=False),
    Route(UPDATE, "locked-users/{mount_accessor}/unlock/{alias_identifier:path}", locked_users.unlock_user,
          locked_users.UnlockBody, "Let somebody who is locked out log in again."),
    # Audit devices
    Route(READ, "audit", audit.list_devices, Nothing, "List the audit devices.", SUDO, writes=False, echo=True),
    Route(UPDATE, "audit/{path:path}", audit.enable_device, audit.EnableDeviceBody, "Add an audit device.", SUDO),
    Route(DELETE, "audit/{path:path}", audit.disable_device, audit.DeviceBody, "Remove an audit device.", SUDO),
    Route(UPDATE, "audit-hash/{path:path}", audit.hash_input, audit.HashBody, "Hash a text as an audit device does.",
          writes=False, echo=True),
    # Tools
    Route(UPDATE, "tools/random", tools.random, Random, "Give random bytes.", writes=False),
    Route(UPDATE, "tools/random/{segment}", random_by_segment, RandomBySegment, "Give random bytes.", writes=False),
    Route(UPDATE, "tools/random/{source}/{urlbytes:path}", tools.random, Random, "Give random bytes.", writes=False),
    Route(UPDATE, "tools/hash", tools.hash_input, Hashing, "Hash some data.", writes=False),
    Route(UPDATE, "tools/hash/{urlalgorithm:path}", tools.hash_input, Hashing, "Hash some data.", writes=False),
    # The barrier's key
    Route(READ, "key-status", rotation.read_key_status, Nothing, "Show the newest encryption key's state.",
          writes=False, echo=True),
    Route(UPDATE, "rotate", rotation.rotate, Nothing, "Rotate the encryption key.", SUDO),
    Route(UPDATE, "rotate/keyring", rotation.rotate, Nothing, "Rotate the encryption key.", SUDO),
    Route(READ, "rotate/config", rotation.read_rotation, Nothing, "Show when the key rotates.", writes=False),
    Route(UPDATE, "rotate/config", rotation.write_rotation, rotation.RotationBody, "Set when the key rotates."),
    # The server itself
    Route(READ, "host-info", inspection.read_host, Nothing, "Show the machine's resources.", writes=False),
    Route(LIST, "version-history", inspection.list_versions, Nothing, "List the versions that have run here.",
          writes=False),
    Route(READ, "config/state/sanitized", inspection.read_configuration, Nothing, "Show the configuration.",
          writes=False),
    Route(READ, "plugins/catalog", plugin_catalog.read_catalog, Nothing, "Show all plug-ins.", writes=False),
    Route(LIST, "plugins/catalog/{type}", plugin_catalog.list_plugins, plugin_catalog.KindBody,
          "List the plug-ins of one kind.", SUDO, writes=False),
    Route(READ, "plugins/catalog/{type}/{name}", plugin_catalog.read_plugin, plugin_catalog.PluginBody,
          "Show a plug-in.", SUDO, writes=False),
    Route(READ, "algorithms", algorithms.read_algorithms, Nothing, "Show the algorithms, their facts and providers.",
          writes=False),
    # For user interfaces
    Route(READ, "internal/ui/mounts", visible_mounts.list_visible_mounts, Nothing,
          "List the mounts that the caller may know of.", PUBLIC, writes=False),
    Route(READ, "internal/ui/mounts/{path:path}", visible_mounts.read_visible_mount, mounts.PathBody,
          "Show the mount that a path lies in.", PUBLIC, writes=False),
    Route(READ, "internal/ui/namespaces", visible_mounts.list_visible_namespaces, Nothing,
          "List the namespaces that the caller may know of.", writes=False),
    Route(READ, "internal/ui/resultant-acl", capabilities.read_resultant_acl, Nothing,
          "Show what the caller's policies come to.", writes=False),
    Route(READ, "internal/specs/openapi", inspection.read_specification, inspection.SpecificationBody,
          "Give the OpenAPI document.", PUBLIC, writes=False, bare=True),
    Route(UPDATE, "internal/specs/openapi", inspection.read_specification, inspection.SpecificationBody,
          "Give the OpenAPI document.", PUBLIC, writes=False, bare=True),
)  # fmt: skip

SEALED_ROUTES: tuple[Route, ...] = (
    *(route for route in ROUTES if route.access is OPEN),
    # A sealed server has nobody to ask who may seal it, and nothing to do.
    replace(_SEAL, access=OPEN),
)
