"""Roles of AppRole: listing, reading, writing and deleting them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.addresses import AddressList, InvalidAddress, check_networks
from auth_methods.approle.records import Role
from auth_methods.approle.state import AppRole
from auth_methods.token_fields import TokenFields, changed, warn_of_long_ttl
from engines.base import Body, Call, Mount, Page, Reply
from engines.durations import format_go_duration
from engines.faults import Failed, InvalidRequest
from engines.fields import CommaList, Duration, FoldedName

OLD_NAMES = {"policies": "token_policies", "period": "token_period"}
_NEEDLESS_TYPES = {"default-service": "service", "default-batch": "batch"}
_MAX_ROLE_ID_CHARACTERS = 4096


class RoleName(Body):
    """The name of a role, in any case."""

    role_name: FoldedName = ""

    tells = {
        "role_name": "The name of the role, case-insensitive.",
    }


class RoleBody(TokenFields):
    """A role's settings; omitted ones are unchanged."""

    other_names: ClassVar[Mapping[str, str]] = {**OLD_NAMES, "bound_cidr_list": "secret_id_bound_cidrs"}

    role_name: FoldedName = ""
    bind_secret_id: bool | UnsetType = UNSET
    bound_cidr_list: AddressList | UnsetType = UNSET
    local_secret_ids: bool | UnsetType = UNSET
    period: Duration | UnsetType = UNSET
    policies: CommaList | UnsetType = UNSET
    role_id: str | UnsetType = UNSET
    secret_id_bound_cidrs: AddressList | UnsetType = UNSET
    secret_id_num_uses: int | UnsetType = UNSET
    secret_id_ttl: Duration | UnsetType = UNSET

    tells = {
        "role_name": "The name of the role, case-insensitive.",
        "bind_secret_id": "Whether logins need a secret id.",
        "bound_cidr_list": "The old name of `secret_id_bound_cidrs`.",
        "local_secret_ids": "Accepted when the role is created and unchangeable after; without effect, since "
        "there is no replication.",
        "period": "The old name of `token_period`.",
        "policies": "The old name of `token_policies`.",
        "role_id": "The id of the role. Default: a random one.",
        "secret_id_bound_cidrs": "IP addresses and networks from which secret ids may be used.",
        "secret_id_num_uses": "The number of logins that a secret id allows; 0 for no limit.",
        "secret_id_ttl": "The lifetime of secret ids, as a duration; 0 for no limit.",
    }


async def list_roles(method: AppRole, call: Call, body: Page) -> Reply:
    """List the names of the roles."""
    return Reply({"keys": await method.store.role_names(body.after, body.limit)})


async def role_exists(method: AppRole, call: Call, body: RoleBody) -> bool:
    """Whether there is such a role."""
    return await method.store.role(body.role_name) is not None


async def read_role(method: AppRole, call: Call, body: RoleName) -> Reply | None:
    """Show a role."""
    role = await method.store.role(body.role_name)
    return None if role is None else Reply(_shown(role))


async def write_role(method: AppRole, call: Call, body: RoleBody) -> Reply | None:
    "Create or update a role."
    before = len(call.warnings)
    fresh = Role(name=body.role_name.lower(), uuid=str(uuid.uuid4()), role_id=str(uuid.uuid4()))

    def change(role: Role | None) -> Role:
        del call.warnings[before:]  # The transaction may run several times.
        if role is not None and body.local_secret_ids is not UNSET:
            raise InvalidRequest("local_secret_ids can only be modified during role creation")
        written = changed_role(role or fresh, body, call, method.mount)
        warn_of_long_ttl(written.token, method.mount, call)
        return written

    await method.store.change_role(body.role_name, change)
    return Reply() if call.warnings else None


async def delete_role(method: AppRole, call: Call, body: RoleName) -> None:
    """Delete a role with its secret ids; its tokens stay until they end, and can't be renewed."""
    await method.store.delete_role(body.role_name)


def changed_role(role: Role, body: RoleBody, call: Call, mount: Mount) -> Role:
    """``role`` with the settings in ``body``. Raises faults in Vault's words; warns of a token type without effect."""
    if body.token_type is not UNSET and body.token_type in _NEEDLESS_TYPES:
        meant = _NEEDLESS_TYPES[body.token_type]
        call.warn(f"{body.token_type} has no useful meaning; adjusting to {meant}")
        body = replace(body, token_type=meant)
    most = mount.max_lease_ttl_seconds
    if body.period is not UNSET and body.token_period is UNSET and body.period > most:
        raise InvalidRequest(
            f'period of "{format_go_duration(body.period)}" is greater than the backend\'s maximum lease TTL of '
            f'"{format_go_duration(most)}"'
        )
    changes: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("bind_secret_id", "local_secret_ids", "role_id", "secret_id_num_uses", "secret_id_ttl")
        if getattr(body, name) is not UNSET
    }
    if not 0 < len(changes.get("role_id", role.role_id)) <= _MAX_ROLE_ID_CHARACTERS:
        raise InvalidRequest("invalid role_id supplied, or failed to generate a role_id")
    if changes.get("secret_id_num_uses", 0) < 0:
        raise InvalidRequest("secret_id_num_uses cannot be negative")
    for given in (body.bound_cidr_list, body.secret_id_bound_cidrs):
        if given is not UNSET:
            changes["secret_id_bound_cidrs"] = tuple(given)
    try:
        check_networks(changes.get("secret_id_bound_cidrs", ()))
    except InvalidAddress as error:
        raise Failed(f"failed to validate CIDR blocks: {error}") from None
    return checked_role(replace(role, **changes, token=changed(role.token, body, OLD_NAMES)))


def checked_role(role: Role) -> Role:
    """``role``, if it requires more than the role id for a login; otherwise raises ``Failed``."""
    if not (role.bind_secret_id or role.secret_id_bound_cidrs or role.token.bound_cidrs):
        raise Failed("at least one constraint should be enabled on the role")
    return role


def _shown(role: Role) -> dict[str, Any]:
    return {
        "bind_secret_id": role.bind_secret_id,
        "local_secret_ids": role.local_secret_ids,
        "secret_id_bound_cidrs": None if role.secret_id_bound_cidrs is None else list(role.secret_id_bound_cidrs),
        "secret_id_num_uses": role.secret_id_num_uses,
        "secret_id_ttl": role.secret_id_ttl,
        **role.token.shown(OLD_NAMES),
    }
