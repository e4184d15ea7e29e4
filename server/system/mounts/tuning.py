"""Tuning: reading and changing the settings of an existing mount."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Call, Reply
from engines.durations import InvalidDuration
from engines.faults import InvalidRequest
from engines.fields import CommaList, KeyValues
from server.system.mounts.lockout import LOCKABLE, changed_lockout
from server.system.mounts.settings import LISTS, read_token_type, read_ttl, read_visibility, refuse_version
from server.system.mounts.table import AUTHS, SECRETS, Kind, PathBody, normal_path
from server.system.mounts.views import tuning_data
from server.system.state import System
from server.tenants.mounts.table import MountEntry

_TOKEN_METHOD = "token"  # noqa: S105 - a word, not a secret


class TuneBody(PathBody):
    """New settings; omitted ones are unchanged."""

    default_lease_ttl: str | UnsetType = UNSET
    max_lease_ttl: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    audit_non_hmac_request_keys: CommaList | UnsetType = UNSET
    audit_non_hmac_response_keys: CommaList | UnsetType = UNSET
    listing_visibility: str | UnsetType = UNSET
    passthrough_request_headers: CommaList | UnsetType = UNSET
    allowed_response_headers: CommaList | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    options: KeyValues | UnsetType = UNSET
    user_lockout_config: dict[str, Any] | UnsetType = UNSET
    plugin_version: str | UnsetType = UNSET

    tells = {
        "default_lease_ttl": ("The default lifetime of tokens and leases, as a duration; `system` for the server's."),
        "max_lease_ttl": "The maximum lifetime of tokens and leases, as a duration; `system` for the server's.",
        "description": "A description.",
        "audit_non_hmac_request_keys": "Request parameters that the audit shows unhashed.",
        "audit_non_hmac_response_keys": "Response fields that the audit shows unhashed.",
        "listing_visibility": "`unauth` lists the mount for callers without a token, `hidden` doesn't.",
        "passthrough_request_headers": "Request headers that the engine sees.",
        "allowed_response_headers": "Response headers that the engine may set.",
        "token_type": (
            "The token type of the method: `service` or `batch`, or `default-service` or `default-batch`, where "
            "roles may choose."
        ),
        "options": "Options of the engine.",
        "user_lockout_config": (
            "Lockout after failed logins: `lockout_threshold`, `lockout_duration`, "
            "`lockout_counter_reset_duration`, `lockout_disable`."
        ),
        "plugin_version": "The version of the plug-in: empty for built-in ones.",
    }


_TUNABLE = tuple(name for name in TuneBody.__struct_fields__ if name != "path")


async def read_mount_tuning(system: System, call: Call, body: PathBody) -> Reply:
    """Show the settings in force for a secrets engine."""
    return await _read(system, SECRETS, body)


async def read_auth_tuning(system: System, call: Call, body: PathBody) -> Reply:
    """Show the settings in force for an auth method."""
    return await _read(system, AUTHS, body)


async def _read(system: System, kind: Kind, body: PathBody) -> Reply:
    path = kind.prefix + normal_path(body.path)
    entry = await system.tenant.mounts.entry(path)
    if entry is None:
        raise InvalidRequest(f'cannot fetch sysview for path "{path}"')
    return Reply(tuning_data(entry, system.core.runtime.settings))


async def tune_mount(system: System, call: Call, body: TuneBody) -> None:
    """Change the settings of a secrets engine."""
    await _tune(system, SECRETS, body)


async def tune_auth(system: System, call: Call, body: TuneBody) -> None:
    """Change the settings of an auth method."""
    await _tune(system, AUTHS, body)


async def _tune(system: System, kind: Kind, body: TuneBody) -> None:
    path = kind.prefix + normal_path(body.path)
    if not await system.tenant.mounts.tune(path, lambda entry: _tuned(entry, body)):
        raise InvalidRequest(f'tune of path "{path}" failed: no mount entry found')


def _tuned(entry: MountEntry, body: TuneBody) -> MountEntry:
    """``entry`` with the settings in ``body``. Raises ``InvalidRequest`` in Vault's words."""
    given = [name for name in _TUNABLE if getattr(body, name) is not UNSET]
    lockout = {} if body.user_lockout_config is UNSET else body.user_lockout_config
    if not lockout:
        given = [name for name in given if name != "user_lockout_config"]
    _refuse_fixed(entry, given)
    changes: dict[str, Any] = {name: tuple(getattr(body, name)) for name in LISTS if name in given}
    for name in ("default_lease_ttl", "max_lease_ttl"):
        if getattr(body, name):
            changes[name] = _ttl(getattr(body, name))
    if body.listing_visibility is not UNSET:
        changes["listing_visibility"] = read_visibility(body.listing_visibility)
    if body.token_type is not UNSET:
        changes["token_type"] = read_token_type(body.token_type)
    if "user_lockout_config" in given:
        changes["user_lockout"] = changed_lockout(entry.config.user_lockout, lockout)
    config = replace(entry.config, **changes)
    if config.max_lease_ttl and config.default_lease_ttl > config.max_lease_ttl:
        raise InvalidRequest(
            f"backend max lease TTL of {config.max_lease_ttl} would be less than backend default lease TTL of "
            f"{config.default_lease_ttl}"
        )
    if body.plugin_version:
        raise InvalidRequest(f"plugin not found in the catalog: {entry.type}, version={body.plugin_version}")
    description = entry.description if body.description is UNSET else body.description
    return replace(entry, config=config, description=description, options=_options(entry, body))


def _refuse_fixed(entry: MountEntry, given: list[str]) -> None:
    """Raise ``InvalidRequest`` if any of the settings ``given`` can't be tuned on this mount."""
    if entry.built_in and not entry.is_auth and given:
        raise InvalidRequest(f"cannot tune parameter {given[0]} of {entry.path}")
    if "token_type" in given:
        if not entry.is_auth:
            raise InvalidRequest("'token_type' can only be modified on auth mounts")
        if entry.engine_type == _TOKEN_METHOD:
            raise InvalidRequest("'token_type' cannot be set for 'token' or 'ns_token' auth mounts")
    if "user_lockout_config" in given and entry.type not in LOCKABLE:
        raise InvalidRequest(f'tuning of user lockout configuration for auth type "{entry.type}" not allowed')


def _ttl(text: str) -> int:
    try:
        return read_ttl(text)
    except InvalidDuration as error:
        raise InvalidRequest(str(error)) from None


def _options(entry: MountEntry, body: TuneBody) -> dict[str, str] | None:
    """The mount's options, updated by those of ``body``; an empty value removes one."""
    if body.options is UNSET or not body.options:
        return entry.options
    refuse_version(body.options, entry.type, is_auth=entry.is_auth)
    kept = {name: value for name, value in (entry.options or {}).items() if name not in body.options}
    return kept | {name: value for name, value in body.options.items() if value}
