"""Roles of jwt: listing, reading, writing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.addresses import AddressList
from auth_methods.jwt.policy_templates import InvalidTemplate, parse
from auth_methods.jwt.records import CLIENT, DEVICE, DIRECT, Role, decode, key
from auth_methods.jwt.state import Jwt
from auth_methods.records import encoded
from auth_methods.token_fields import TokenFields, changed, warn_of_long_ttl
from engines.base import Body, Call, Mount, Page, Reply
from engines.durations import format_go_duration
from engines.faults import InvalidRequest
from engines.fields import CommaList, Duration, FoldedName, KeyValues, SignedDuration
from storage.base import Transaction, delete, transact

OLD_NAMES = {
    "policies": "token_policies",
    "ttl": "token_ttl",
    "max_ttl": "token_max_ttl",
    "period": "token_period",
    "num_uses": "token_num_uses",
    "bound_cidrs": "token_bound_cidrs",
}
_RESERVED = "role"
_MAX_CLAIMS = 100
_MAX_POLL_INTERVAL = 60
_MAX_GLOBS = 100
"""The most values of one bound claim; each is compared with all of the token's."""
_LOGGING_WARNING = (
    "verbose_oidc_logging has been enabled for this role. This is not recommended in production since sensitive "
    "information may be present in OIDC responses."
)


class RoleName(Body):
    """The name of a role, in any case."""

    name: FoldedName = ""

    tells = {
        "name": "The name of the role, case-insensitive.",
    }


class RoleBody(TokenFields):
    """A role's settings; omitted ones are unchanged, except the types, the mode and the confirmation: these return
    to their defaults."""

    other_names: ClassVar[Mapping[str, str]] = OLD_NAMES

    name: FoldedName = ""
    role_type: str = "oidc"
    allowed_redirect_uris: CommaList | UnsetType = UNSET
    bound_audiences: CommaList | UnsetType = UNSET
    bound_claims: dict[str, Any] | UnsetType = UNSET
    bound_claims_type: str = "string"
    bound_subject: str | UnsetType = UNSET
    callback_mode: str = CLIENT
    claim_mappings: KeyValues | UnsetType = UNSET
    clock_skew_leeway: SignedDuration | UnsetType = UNSET
    expiration_leeway: SignedDuration | UnsetType = UNSET
    groups_claim: str | UnsetType = UNSET
    jti_required: bool | UnsetType = UNSET
    jti_single_use: bool | UnsetType = UNSET
    max_age: SignedDuration | UnsetType = UNSET
    not_before_leeway: SignedDuration | UnsetType = UNSET
    oauth2_metadata: CommaList = []
    oidc_disable_confirmation: bool = False
    oidc_scopes: CommaList | UnsetType = UNSET
    poll_interval: int | UnsetType = UNSET
    token_policies_template_claims: bool | UnsetType = UNSET
    user_claim: str | UnsetType = UNSET
    user_claim_json_pointer: bool | UnsetType = UNSET
    verbose_oidc_logging: bool | UnsetType = UNSET
    policies: CommaList | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    max_ttl: Duration | UnsetType = UNSET
    period: Duration | UnsetType = UNSET
    num_uses: int | UnsetType = UNSET
    bound_cidrs: AddressList | UnsetType = UNSET

    tells = {
        "name": "The name of the role, case-insensitive.",
        "role_type": "`jwt` for logins with a token, `oidc` for logins through a browser.",
        "allowed_redirect_uris": "The URLs that the browser may return to.",
        "bound_audiences": "Audiences, of which a token must have one.",
        "bound_claims": "Required claims, with their allowed values.",
        "bound_claims_type": "`string` for exact values, or `glob` for values with `*`.",
        "bound_subject": "The required subject (`sub`).",
        "callback_mode": "`client`, `direct` for a callback to this server, or `device` for logins without a callback.",
        "claim_mappings": "Claims that become metadata of the token: an object of metadata names by claim.",
        "clock_skew_leeway": "The tolerance for differing clocks, as a duration; 0 for a minute, negative for none.",
        "expiration_leeway": ("The tolerance after `exp`, as a duration; 0 for the default, negative for none."),
        "groups_claim": "The claim with the caller's groups.",
        "jti_required": "Refuse tokens without `jti`.",
        "jti_single_use": "Accept each token once, by its `jti`.",
        "max_age": "The greatest age of the user's login at the provider, as a duration; 0 for no limit.",
        "not_before_leeway": ("The tolerance before `nbf`, as a duration; 0 for the default, negative for none."),
        "oauth2_metadata": "Not supported.",
        "oidc_disable_confirmation": "In the mode `direct`: don't ask the user to confirm the login.",
        "oidc_scopes": "Scopes to request besides `openid`.",
        "poll_interval": "Seconds between polls in the modes `direct` and `device`; 0 for the provider's value, or 5.",
        "token_policies_template_claims": ("Whether `token_policies` are templates with claims, such as `{{.team}}`."),
        "user_claim": "The claim that names the user: the name of the alias.",
        "user_claim_json_pointer": "Whether `user_claim` is a JSON pointer.",
        "verbose_oidc_logging": "Accepted and ignored: claims are never logged.",
        "policies": "The old name of `token_policies`.",
        "ttl": "The old name of `token_ttl`.",
        "max_ttl": "The old name of `token_max_ttl`.",
        "period": "The old name of `token_period`.",
        "num_uses": "The old name of `token_num_uses`.",
        "bound_cidrs": "The old name of `token_bound_cidrs`.",
    }


_SETTINGS = tuple(name for name in Role.__struct_fields__ if name not in ("role_type", "token"))


async def list_roles(method: Jwt, call: Call, body: Page) -> Reply:
    """List the names of the roles."""
    return Reply({"keys": await method.mount.storage.list("role/", body.after, body.limit if body.limit > 0 else None)})


async def role_exists(method: Jwt, call: Call, body: RoleBody) -> bool:
    """Whether there is such a role."""
    return await method.role(body.name) is not None


async def read_role(method: Jwt, call: Call, body: RoleName) -> Reply | None:
    """Show a role."""
    role = await method.role(body.name)
    return None if role is None else Reply(_shown(role))


async def write_role(method: Jwt, call: Call, body: RoleBody) -> Reply | None:
    """Create or change a role."""
    before = len(call.warnings)
    config = await method.configuration()

    async def store_role(transaction: Transaction) -> None:
        del call.warnings[before:]  # The transaction may run several times.
        value = await transaction.get(key(body.name))
        role = _changed(Role() if value is None else decode(value), body, method.mount)
        if config is not None:
            config.check_role(role)
        warn_of_long_ttl(role.token, method.mount, call)
        if role.verbose_oidc_logging:
            call.warn(_LOGGING_WARNING)
        transaction.put(key(body.name), encoded(role))

    await transact(method.mount.storage, store_role)
    return Reply() if call.warnings else None


async def delete_role(method: Jwt, call: Call, body: RoleName) -> None:
    """Delete a role; its tokens stay until they end, and can't be renewed."""
    await delete(method.mount.storage, key(body.name))


def _changed(role: Role, body: RoleBody, mount: Mount) -> Role:
    if body.role_type not in ("jwt", "oidc", ""):
        raise InvalidRequest(f"invalid 'role_type': {body.role_type}")
    if body.oauth2_metadata:
        raise InvalidRequest(f"Unrecognized oauth2 metadata name {body.oauth2_metadata[0]}")
    changes = {name: getattr(body, name) for name in _SETTINGS if getattr(body, name) is not UNSET}
    token = changed(role.token, body, OLD_NAMES)
    role = replace(role, **changes, role_type=body.role_type or "oidc", token=token)
    _check(role)
    if role.token_policies_template_claims:
        _check_templates(role)
    if token.period > mount.max_lease_ttl_seconds:
        period, most = format_go_duration(token.period), format_go_duration(mount.max_lease_ttl_seconds)
        raise InvalidRequest(
            f"'period' of '\"{period}\"' is greater than the backend's maximum lease TTL of '\"{most}\"'"
        )
    return role


def _check(role: Role) -> None:
    if role.bound_claims_type not in ("string", "glob"):
        raise InvalidRequest(f"invalid 'bound_claims_type': {role.bound_claims_type}")
    if role.callback_mode not in (CLIENT, DIRECT, DEVICE):
        raise InvalidRequest(f"invalid 'callback_mode': {role.callback_mode}")
    if not 0 <= role.poll_interval <= _MAX_POLL_INTERVAL:
        raise InvalidRequest(f"'poll_interval' must be from 0 to {_MAX_POLL_INTERVAL} seconds")
    bound = role.bound_claims or {}
    mappings = role.claim_mappings or {}
    if len(bound) > _MAX_CLAIMS or len(mappings) > _MAX_CLAIMS:
        raise InvalidRequest(f"more than {_MAX_CLAIMS} claims")
    if role.bound_claims_type == "glob":
        for allowed in bound.values():
            for value in allowed if isinstance(allowed, list) else [allowed]:
                if not isinstance(value, str):
                    raise InvalidRequest(f"claim is not a string: {msgspec.json.encode(value).decode()}")
            if isinstance(allowed, list) and sum("*" in value for value in allowed) > _MAX_GLOBS:
                raise InvalidRequest(f"more than {_MAX_GLOBS} globs for a claim")
    if not role.user_claim:
        raise InvalidRequest("a user claim must be defined on the role")
    if role.role_type == "oidc" and not role.allowed_redirect_uris:
        raise InvalidRequest("'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.")
    if role.role_type == "jwt" and not (role.bound_audiences or role.bound_subject or bound or role.token.bound_cidrs):
        raise InvalidRequest("must have at least one bound constraint when creating/updating a role")
    names: set[str] = set()
    for name in mappings.values():
        if name == _RESERVED:
            raise InvalidRequest(f'metadata key "{name}" is reserved and may not be a mapping destination')
        if name in names:
            raise InvalidRequest(f'multiple keys are mapped to metadata key "{name}"')
        names.add(name)


def _check_templates(role: Role) -> None:
    for index, policy in enumerate(role.token.policies):
        try:
            parse(policy)
        except InvalidTemplate as error:
            raise InvalidRequest(f"failed to parse template policy [{index}]: {error}") from None


def _shown(role: Role) -> dict[str, Any]:
    data: dict[str, Any] = {"role_type": role.role_type} | {name: getattr(role, name) for name in _SETTINGS}
    for name in ("jti_required", "jti_single_use", "poll_interval"):
        if not data[name]:
            del data[name]  # OpenBao doesn't have these, or doesn't show them.
    return data | {
        "oauth2_metadata": None,
        **role.token.shown(OLD_NAMES),
    }
