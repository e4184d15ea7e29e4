"""API representations of a mount: its entry, and its tunable settings."""

from __future__ import annotations

from typing import Any

from server.core.settings import Settings
from server.runtime.version import PLUGIN_VERSION
from server.system.mounts.lockout import lockout_data
from server.system.mounts.settings import LISTS
from server.tenants.mounts.table import MountConfig, MountEntry

DEFAULT_TOKEN_TYPE = "default-service"  # noqa: S105 - a word, not a secret


def mount_data(entry: MountEntry) -> dict[str, Any]:
    """The entry as ``sys/mounts`` and ``sys/auth`` show it."""
    config = entry.config
    lockout = lockout_data(config.user_lockout)
    data: dict[str, Any] = {
        "accessor": entry.accessor,
        "config": {
            "default_lease_ttl": config.default_lease_ttl,
            "max_lease_ttl": config.max_lease_ttl,
            "force_no_cache": config.force_no_cache,
            **_where_set(entry),
            **({"user_lockout_config": lockout} if lockout else {}),
        },
        "description": entry.description,
        "external_entropy_access": entry.external_entropy_access,
        "local": entry.local,
        "options": entry.options,
        "plugin_version": entry.plugin_version,
        "running_plugin_version": PLUGIN_VERSION,
        "running_sha256": "",
        "seal_wrap": entry.seal_wrap,
        "type": entry.type,
        "uuid": entry.uuid,
    }
    if not entry.built_in:
        data["deprecation_status"] = "supported"
    return data


def listed_data(entry: MountEntry) -> dict[str, Any]:
    """The public fields of a mount with ``listing_visibility`` ``unauth``."""
    return {"description": entry.description, "options": entry.options, "type": entry.type}


def tuning_data(entry: MountEntry, settings: Settings) -> dict[str, Any]:
    """The settings in force, as ``.../tune`` shows them: TTLs that aren't set are the system's."""
    default_ttl, max_ttl = effective_ttls(entry.config, settings)
    data: dict[str, Any] = {
        "default_lease_ttl": default_ttl,
        "description": entry.description,
        "force_no_cache": entry.config.force_no_cache,
        "max_lease_ttl": max_ttl,
        **_where_set(entry),
        **lockout_data(entry.config.user_lockout),
    }
    if entry.options:
        data["options"] = entry.options
    return data


def effective_ttls(config: MountConfig, settings: Settings) -> tuple[int, int]:
    """The default and the longest TTL, in seconds."""
    return (
        config.default_lease_ttl or settings.default_lease_ttl_seconds,
        config.max_lease_ttl or settings.max_lease_ttl_seconds,
    )


def _where_set(entry: MountEntry) -> dict[str, Any]:
    config = entry.config
    data: dict[str, Any] = {name: list(getattr(config, name)) for name in LISTS if getattr(config, name)}
    if config.listing_visibility:
        data["listing_visibility"] = config.listing_visibility
    if entry.is_auth:
        data["token_type"] = config.token_type or DEFAULT_TOKEN_TYPE
    return data
