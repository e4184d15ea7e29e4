"""Roles of the token method: listing, reading, writing and deleting them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.addresses import AddressList, InvalidAddress, normal_addresses
from auth_methods.records import BATCH, encoded
from auth_methods.token.records import ROLES, Role, decode_role
from auth_methods.token.state import TokenMethod
from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import CommaList, Duration
from storage.base import Transaction, transact

MAX_LISTED = 1_000
"""The most names in one list of a role."""

_TYPES = ("default-service", "default-batch", "service", "batch")
_ROOT = "root"
_PATH_SUFFIX = re.compile(r"\w[\w.-]+\w", re.ASCII)


_OLD_NAMES = {
    "period": "token_period",
    "explicit_max_ttl": "token_explicit_max_ttl",
    "bound_cidrs": "token_bound_cidrs",
}
"""New names of settings by their old ones, which are those of the attributes."""


class RoleName(Body):
    """The name of a role."""

    role_name: str = ""

    tells = {
        "role_name": "The role.",
    }


class RoleBody(RoleName):
    """A role's settings; omitted ones are unchanged."""

    other_names: ClassVar[Mapping[str, str]] = _OLD_NAMES

    allowed_policies: CommaList | UnsetType = UNSET
    disallowed_policies: CommaList | UnsetType = UNSET
    allowed_policies_glob: CommaList | UnsetType = UNSET
    disallowed_policies_glob: CommaList | UnsetType = UNSET
    orphan: bool | UnsetType = UNSET
    renewable: bool | UnsetType = UNSET
    path_suffix: str | UnsetType = UNSET
    allowed_entity_aliases: CommaList | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    token_period: Duration | UnsetType = UNSET
    token_explicit_max_ttl: Duration | UnsetType = UNSET
    token_bound_cidrs: AddressList | UnsetType = UNSET
    token_num_uses: int | UnsetType = UNSET
    token_no_default_policy: bool | UnsetType = UNSET
    token_strictly_bind_ip: bool | UnsetType = UNSET
    token_ttl: Duration | UnsetType = UNSET
    token_max_ttl: Duration | UnsetType = UNSET
    token_policies: CommaList | UnsetType = UNSET
    period: Duration | UnsetType = UNSET
    explicit_max_ttl: Duration | UnsetType = UNSET
    bound_cidrs: AddressList | UnsetType = UNSET
    jwt_audiences: CommaList | UnsetType = UNSET
    jwt_ttl: Duration | UnsetType = UNSET

    tells = {
        "allowed_policies": "Policies that may be requested. Without a request, tokens get all of them.",
        "disallowed_policies": "Policies that may not be requested.",
        "allowed_policies_glob": "Patterns of policies that may be requested, with `*` at the beginning or the end.",
        "disallowed_policies_glob": "Patterns of policies that may not be requested.",
        "orphan": "Whether tokens have no parent.",
        "renewable": "Whether tokens can be renewed.",
        "path_suffix": "A suffix of the tokens' creation path, by which `sys/leases/revoke-prefix` can revoke them.",
        "allowed_entity_aliases": "Values of `entity_alias` that may be requested; a `*` at the end matches any text.",
        "token_type": "`service` or `batch`; with `default-service` and `default-batch`, the caller may choose "
        "the other.",
        "token_period": "The period of periodic tokens, as a duration: each renewal extends them by it, without a"
        " maximum; 0 for none.",
        "token_explicit_max_ttl": "The maximum lifetime of the tokens, which renewals don't extend, as a "
        "duration; 0 for none.",
        "token_bound_cidrs": "IP addresses and networks from which the tokens may be used.",
        "token_num_uses": "The number of requests that a token allows; 0 for no limit.",
        "token_no_default_policy": "Don't add the policy `default`.",
        "token_strictly_bind_ip": "Bind each token to the address that logged in.",
        "token_ttl": "Accepted and ignored.",
        "token_max_ttl": "Accepted and ignored.",
        "token_policies": "Accepted and ignored.",
        "period": "The old name of `token_period`.",
        "explicit_max_ttl": "The old name of `token_explicit_max_ttl`.",
        "bound_cidrs": "The old name of `token_bound_cidrs`.",
        "jwt_audiences": "Allowed audiences of JSON Web Tokens. If empty, the role issues none.",
        "jwt_ttl": "The longest lifetime of JSON Web Tokens, as a duration. Default: a day.",
    }


_ALLOWED = ("allowed_policies", "allowed_policies_glob")
_DISALLOWED = ("disallowed_policies", "disallowed_policies_glob")


async def read_role(method: TokenMethod, call: Call, body: RoleName) -> Reply | None:
    """Show a role."""
    role = await method.role(body.role_name)
    return None if role is None else Reply(_shown(role))


async def list_roles(method: TokenMethod, call: Call, body: Nothing) -> Reply:
    """List the roles."""
    return Reply({"keys": await method.mount.storage.list(ROLES)})


async def delete_role(method: TokenMethod, call: Call, body: RoleName) -> None:
    """Delete a role. Its tokens stay until they end, and can't be renewed."""
    async with method.mount.storage.transaction() as transaction:
        transaction.delete(ROLES + body.role_name)


async def role_exists(method: TokenMethod, call: Call, body: RoleName) -> bool:
    """Whether there is such a role."""
    return await method.role(body.role_name) is not None


async def write_role(method: TokenMethod, call: Call, body: RoleBody) -> Reply | None:
    """Create or change a role."""
    warnings: list[str] = []

    async def store_role(transaction: Transaction) -> None:
        warnings.clear()
        value = await transaction.get(ROLES + body.role_name)
        role = Role(name=body.role_name) if value is None else decode_role(value)
        role = _changed(role, body, warnings)
        given = body.explicit_max_ttl is not UNSET or body.token_explicit_max_ttl is not UNSET
        most = method.mount.max_lease_ttl_seconds
        if given and role.explicit_max_ttl > most:
            warnings.append(
                f"Given explicit max TTL of {role.explicit_max_ttl} is greater than system/mount allowed value of "
                f"{most} seconds; until this is fixed attempting to create tokens against this role will result in an "
                "error"
            )
        transaction.put(ROLES + body.role_name, encoded(role))

    await transact(method.mount.storage, store_role)
    for warning in warnings:
        call.warn(warning)
    return Reply() if warnings else None


def _changed(role: Role, body: RoleBody, warnings: list[str]) -> Role:
    """``role`` with the settings in ``body``. Raises ``InvalidRequest`` in Vault's words."""
    changes: dict[str, Any] = {}
    for name in (*_ALLOWED, *_DISALLOWED):
        if getattr(body, name) is not UNSET:
            names = _policy_names(getattr(body, name))
            # Allowing root allows all.
            changes[name] = (_ROOT,) if name in _ALLOWED and _ROOT in names else names
    if body.jwt_audiences is not UNSET:
        changes["jwt_audiences"] = _list(body.jwt_audiences)
    for name in ("orphan", "renewable", "jwt_ttl"):
        if getattr(body, name) is not UNSET:
            changes[name] = getattr(body, name)
    if body.path_suffix is not UNSET:
        if body.path_suffix and not _PATH_SUFFIX.fullmatch(body.path_suffix):
            raise InvalidRequest(r"given role path suffix contains invalid characters; must match \w[\w-.]+\w")
        changes["path_suffix"] = body.path_suffix
    if body.allowed_entity_aliases is not UNSET:
        changes["allowed_entity_aliases"] = tuple(name.lower() for name in _list(body.allowed_entity_aliases))
    if body.token_num_uses is not UNSET:
        if body.token_num_uses < 0:
            raise InvalidRequest("error parsing role fields: 'token_num_uses' cannot be negative")
        changes["num_uses"] = body.token_num_uses
    if body.token_no_default_policy is not UNSET:
        changes["no_default_policy"] = body.token_no_default_policy
    if body.token_type is not UNSET:
        if body.token_type not in _TYPES:
            raise InvalidRequest(f"invalid 'token_type' value \"{body.token_type}\"")
        changes["token_type"] = body.token_type
    changed = replace(role, **changes, **_renamed(role, body, warnings))
    if body.token_type is UNSET:
        _check_counted(changed)
    _check_batch(changed)
    return changed


def _renamed(role: Role, body: RoleBody, warnings: list[str]) -> Mapping[str, Any]:
    """Changes of the settings with an old and a new name; the new one counts if both are given."""
    changes: dict[str, Any] = {}
    old = set(role.old)
    for name, new_name in _OLD_NAMES.items():
        given, given_new = getattr(body, name), getattr(body, new_name)
        if given_new is not UNSET:
            changes[name] = given_new
            old.discard(name)
            if given is not UNSET:
                warnings.append(
                    f"Both '{new_name}' and deprecated '{name}' value supplied, ignoring the deprecated value"
                )
        elif given is not UNSET:
            changes[name] = given
            old.add(name)
    if "bound_cidrs" in changes:
        try:
            changes["bound_cidrs"] = normal_addresses(changes["bound_cidrs"])
        except InvalidAddress as error:
            what = "bound_cidrs" if "bound_cidrs" in old else "role fields"
            raise InvalidRequest(f"error parsing {what}: {error}") from None
    return changes | {"old": frozenset(old)}


def _check_counted(role: Role) -> None:
    if role.token_type not in (BATCH, f"default-{BATCH}"):
        return
    for wrong, what in ((role.period, "periodic tokens"), (role.num_uses, "tokens with limited use count")):
        if wrong:
            reason = f"'token_type' cannot be 'batch' or 'default_batch' when set to generate {what}"
            raise InvalidRequest(f"error parsing role fields: {reason}")


def _check_batch(role: Role) -> None:
    if role.token_type != BATCH:
        return
    for wrong, what in (
        (not role.orphan, "non-orphan tokens"),
        (role.period, "periodic tokens"),
        (role.renewable, "renewable tokens"),
        (role.explicit_max_ttl, "tokens with an explicit max TTL"),
    ):
        if wrong:
            raise InvalidRequest(f"'token_type' cannot be 'batch' when role is set to generate {what}")


def _list(names: list[str]) -> tuple[str, ...]:
    if len(names) > MAX_LISTED:
        raise InvalidRequest(f"a list may hold at most {MAX_LISTED} names")
    return tuple(names)


def _policy_names(names: list[str]) -> tuple[str, ...]:
    """Names of policies in lower case, stripped, each once, in order."""
    return tuple(sorted({name.strip().lower() for name in _list(names)} - {""}))


def _shown(role: Role) -> dict[str, Any]:
    aliases = role.allowed_entity_aliases
    data: dict[str, Any] = {
        "allowed_entity_aliases": None if aliases is None else list(aliases),
        "allowed_policies": list(role.allowed_policies),
        "allowed_policies_glob": list(role.allowed_policies_glob),
        "disallowed_policies": list(role.disallowed_policies),
        "disallowed_policies_glob": list(role.disallowed_policies_glob),
        "explicit_max_ttl": role.explicit_max_ttl if "explicit_max_ttl" in role.old else 0,
        "name": role.name,
        "orphan": role.orphan,
        "path_suffix": role.path_suffix,
        "period": role.period if "period" in role.old else 0,
        "renewable": role.renewable,
        "token_explicit_max_ttl": role.explicit_max_ttl,
        "token_no_default_policy": role.no_default_policy,
        "token_period": role.period,
        "token_type": role.token_type,
    }
    if role.bound_cidrs:
        data["token_bound_cidrs"] = list(role.bound_cidrs)
        if "bound_cidrs" in role.old:
            data["bound_cidrs"] = list(role.bound_cidrs)
    if role.num_uses:
        data["token_num_uses"] = role.num_uses
    if role.jwt_audiences or role.jwt_ttl:  # OpenBao doesn't have these.
        data |= {"jwt_audiences": list(role.jwt_audiences), "jwt_ttl": role.jwt_ttl}
    return data
