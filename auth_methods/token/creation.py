"""Creation of tokens: what a token may hand on to its child, and what roles restrict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from auth_methods.base import Issued, lesser
from auth_methods.names import matches_any
from auth_methods.records import BATCH, SERVICE, TokenRecord
from auth_methods.token.authority import held
from auth_methods.token.records import Role
from auth_methods.token.state import TokenMethod
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from engines.fields import READING, BareDuration, KeyValues, same_words

MAX_POLICIES = 1_000
"""The most policies of one token."""

_NOT_IN_DISPLAY_NAMES = re.compile(r"[^a-zA-Z0-9-]")
_CUSTOM_ID_WARNING = (
    "Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for "
    "token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups."
)
_CREATE = "auth/token/create"
_CREATE_ORPHAN = "auth/token/create-orphan"
_UNASSIGNABLE = "response-wrapping"
_DEFAULT = "default"
_ROOT = "root"


class CreateBody(Body):
    """The body of ``create`` and ``create-orphan``."""

    other_names: ClassVar[Mapping[str, str]] = {"lease": "ttl"}

    id: str = ""
    policies: list[str] = []
    meta: KeyValues | UnsetType = UNSET
    no_parent: bool = False
    no_default_policy: bool = False
    renewable: bool = True
    lease: BareDuration = 0
    ttl: BareDuration = 0
    type: Annotated[str, Meta(extra={READING: same_words({"": SERVICE})})] = ""
    explicit_max_ttl: BareDuration = 0
    display_name: str = ""
    num_uses: int = 0
    period: BareDuration = 0
    entity_alias: str = ""

    tells = {
        "id": "The id of the token. Requires `sudo`. Default: a random one.",
        "policies": "The policies. Default: those of the calling token.",
        "meta": "Metadata, an object of texts; shown in the audit.",
        "no_parent": "Create a token without a parent. Requires `sudo`.",
        "no_default_policy": "Don't add the policy `default`.",
        "renewable": "Whether it can be renewed.",
        "lease": "The old name of `ttl`.",
        "ttl": "The initial lifetime, as a duration. Default: the mount's.",
        "type": "`service` or `batch`.",
        "explicit_max_ttl": "The maximum lifetime, which renewals don't extend, as a duration; 0 for none.",
        "display_name": "The display name, shown in the audit.",
        "num_uses": "The number of requests that it allows; 0 for no limit.",
        "period": "The period of a periodic token, as a duration: each renewal extends it by this, without a "
        "maximum. Requires `sudo`.",
        "entity_alias": "The name of the alias whose entity the token gets. Requires a role that allows it.",
    }


class CreateWithRoleBody(CreateBody):
    """The body of ``create/{role_name}``."""

    role_name: str = ""

    tells = {
        "role_name": "The role.",
    }


async def create(method: TokenMethod, call: Call, body: CreateBody) -> Reply:
    """Create a child of the calling token, or an orphan."""
    return await _create(method, call, body, None, orphan=body.no_parent, path=_CREATE)


async def create_orphan(method: TokenMethod, call: Call, body: CreateBody) -> Reply:
    """Create a token without a parent; access to this path is the right to do so."""
    return await _create(method, call, body, None, orphan=True, path=_CREATE_ORPHAN)


async def create_with_role(method: TokenMethod, call: Call, body: CreateWithRoleBody) -> Reply:
    """Create a token by a role; access to this path is the right to all that the role allows."""
    role = await method.role(body.role_name)
    if role is None:
        check_parent(call)
        raise InvalidRequest(f"unknown role {body.role_name}")
    path = f"{_CREATE}/{body.role_name}" + (f"/{role.path_suffix}" if role.path_suffix else "")
    return await _create(method, call, body, role, orphan=role.orphan, path=path)


async def _create(
    method: TokenMethod, call: Call, body: CreateBody, role: Role | None, *, orphan: bool, path: str
) -> Reply:
    check_parent(call)
    _check(body, role, call)
    caller = held(call)
    where = method.authority.namespace_path
    _check_namespace(body, call, where)
    if orphan and path == _CREATE and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to create orphan token")
    # Policies have other meanings in another namespace, so none are handed on.
    handed_on = caller.record.policies if caller.namespace_path == where else (_DEFAULT,)
    if role is None:
        policies = _policies(body, handed_on, sudo=call.sudo)
    else:
        policies = _policies_of_role(body, role, handed_on, sudo=call.sudo)
    if _ROOT in policies:
        if not caller.record.is_root:
            raise InvalidRequest("root tokens may not be created without parent token being root")
        if where:
            raise InvalidRequest("root tokens may not be created from a parent namespace")
        policies = (_ROOT,)
    parent, parent_namespace = parentage(method, call, orphan=orphan)
    record = TokenRecord(
        id=body.id,
        type=_type(body, role),
        policies=policies,
        path=path,
        display_name=_display_name(body.display_name),
        creation_time=call.now,
        parent=parent,
        parent_namespace=parent_namespace,
        # An entity exists only in its own namespace.
        entity_id="" if orphan or parent_namespace else caller.record.entity_id,
        role="" if role is None else role.name,
        metadata=body.meta or None if body.meta is not UNSET else None,
        num_uses=body.num_uses if role is None else lesser(body.num_uses, role.num_uses),
        bound_cidrs=() if role is None else role.bound_cidrs,
    )
    if body.id:
        call.warn(_CUSTOM_ID_WARNING)
    record = _with_ttl(method, record, body, role, call)
    _check_batch(record)
    # What the role limits is looked up in it again at each renewal; the token shows what it was made with itself.
    record = replace(record, explicit_max_ttl=body.explicit_max_ttl, period=body.period)
    if body.entity_alias:
        record = replace(record, entity_id=await method.callers.entity_called(body.entity_alias, call.now))
    for name in policies:
        if not await method.authority.knows_policy(name):
            call.warn(f'Policy "{name}" does not exist')
    return Issued(auth=await method.authority.mint(record))


def parentage(method: TokenMethod, call: Call, *, orphan: bool) -> tuple[str, str]:
    """The ``parent`` and ``parent_namespace`` of a token created by the calling token."""
    caller = held(call)
    if orphan:
        return "", ""
    return caller.hash, "" if caller.namespace_path == method.authority.namespace_path else caller.namespace_id


def check_parent(call: Call) -> None:
    """Raise ``InvalidRequest`` if the calling token can't create others."""
    parent = held(call).record
    if parent.type == BATCH:
        raise InvalidRequest("batch tokens cannot create more tokens")
    if parent.num_uses != 0:
        raise InvalidRequest("restricted use token cannot generate child tokens")


def _check(body: CreateBody, role: Role | None, call: Call) -> None:
    if body.num_uses < 0:
        raise InvalidRequest("number of uses cannot be negative")
    if len(body.policies) > MAX_POLICIES:
        raise InvalidRequest(f"a token has at most {MAX_POLICIES} policies")
    if body.entity_alias:
        if role is None:
            raise InvalidRequest("'entity_alias' is only allowed in combination with token role")
        if not matches_any(body.entity_alias.lower(), role.allowed_entity_aliases or ()):
            raise InvalidRequest("invalid 'entity_alias' value")
    if body.type not in ("", SERVICE, BATCH):
        raise InvalidRequest("invalid 'token_type' value")
    if body.id:
        if not call.sudo:
            raise InvalidRequest("root or sudo privileges required to specify token id")
        if body.id.startswith("s."):
            raise InvalidRequest("custom token ID cannot have the 's.' prefix")
        if "." in body.id:
            raise InvalidRequest("custom token ID cannot have a '.' in the value")
    for name, seconds in (("explicit_max_ttl", body.explicit_max_ttl), ("period", body.period)):
        if seconds < 0:
            raise InvalidRequest(f"{name} must be positive")
    if body.ttl < 0 or body.lease < 0:
        raise InvalidRequest("ttl must be positive")
    if body.period and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to create periodic token")


def _check_namespace(body: CreateBody, call: Call, where: str) -> None:
    """Check what a token may do in the namespace at ``where``, its own or one below."""
    if held(call).namespace_path != where and not call.sudo:
        raise InvalidRequest("root or sudo privileges required to directly generate a token in a child namespace")
    if where and body.id:
        raise InvalidRequest("token IDs can only be manually specified in the root namespace")


def _check_batch(record: TokenRecord) -> None:
    if record.type != BATCH:
        return
    for name, value in (
        ("explicit_max_ttl", record.explicit_max_ttl),
        ("num_uses", record.num_uses),
        ("period", record.period),
    ):
        if value:
            raise InvalidRequest(f'batch tokens cannot have "{name}" set')
    if record.is_root:
        raise InvalidRequest("batch tokens cannot be root tokens")


def _type(body: CreateBody, role: Role | None) -> str:
    """The type that the role fixes; otherwise the caller's choice, or the role's default."""
    if role is None:
        return body.type or SERVICE
    if role.token_type in (SERVICE, BATCH):
        return role.token_type
    return body.type or role.token_type.removeprefix("default-")


def _policies(body: CreateBody, handed_on: tuple[str, ...], *, sudo: bool) -> tuple[str, ...]:
    """Without a role, a token may hand on its own policies; with ``sudo``, any."""
    asked = _sanitized(body.policies)
    if _UNASSIGNABLE in asked:
        raise InvalidRequest(f'cannot assign policy "{_UNASSIGNABLE}"')
    policies = set(asked if body.policies else handed_on)
    if asked and not sudo and not asked <= {*handed_on, _DEFAULT}:
        raise InvalidRequest("child policies must be subset of parent")
    if body.no_default_policy:
        policies.discard(_DEFAULT)
    elif body.policies or _DEFAULT in handed_on:
        policies.add(_DEFAULT)
    return tuple(sorted(policies))


def _policies_of_role(body: CreateBody, role: Role, handed_on: tuple[str, ...], *, sudo: bool) -> tuple[str, ...]:
    """A role that lists policies decides alone; any other leaves the choice as without a role."""
    if not role.speaks_of_policies:
        return _policies(body, handed_on, sudo=sudo)
    add_default = not (body.no_default_policy or role.no_default_policy or role.disallows(_DEFAULT))
    default = {_DEFAULT} if add_default else set()
    asked = _sanitized(body.policies)
    policies = asked | default if asked else set[str]()
    if role.allowed_policies or role.allowed_policies_glob:
        allowed = _sanitized(role.allowed_policies) | default
        for name in policies:
            if name not in allowed and not matches_any(name, role.allowed_policies_glob):
                raise InvalidRequest(
                    f"token policies ({_quoted(policies)}) must be subset of the role's allowed policies "
                    f"({_quoted(allowed)}) or glob policies ({_quoted(role.allowed_policies_glob)})"
                )
        policies = policies or allowed
    elif not policies:
        policies = set(handed_on) | default
    for name in sorted(policies):
        if role.disallows(name):
            raise InvalidRequest(f'token policy "{name}" is disallowed by this role')
    if _UNASSIGNABLE in policies:
        raise InvalidRequest(f'cannot assign policy "{_UNASSIGNABLE}"')
    if _ROOT in policies:
        return (_ROOT,)
    if body.no_default_policy:
        policies.discard(_DEFAULT)
    return tuple(sorted(policies))


def _sanitized(names: list[str] | tuple[str, ...]) -> set[str]:
    """Names in lower case, stripped, each once; ``root`` makes all others redundant."""
    found = {name.strip().lower() for name in names} - {""}
    return {_ROOT} if _ROOT in found else found


def _quoted(names: set[str] | tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{name}"' for name in sorted(names)) + "]"


def _with_ttl(method: TokenMethod, record: TokenRecord, body: CreateBody, role: Role | None, call: Call) -> TokenRecord:
    """``record`` with the requested TTLs, within the limits of the role, the mount and the system."""
    explicit, period = body.explicit_max_ttl, body.period
    if role is not None:
        if explicit and role.explicit_max_ttl:
            call.warn(_both("Explicit max TTL", min(explicit, role.explicit_max_ttl)))
        if period and role.period:
            call.warn(_both("Period", min(period, role.period)))
        explicit, period = lesser(explicit, role.explicit_max_ttl), lesser(period, role.period)
    asked = body.ttl or body.lease
    record = replace(record, explicit_max_ttl=explicit, period=period)
    wanted = period or asked
    if record.is_root and not wanted:
        if not explicit:
            return record  # A root token without a requested TTL never ends.
        granted = explicit
    else:
        granted = method.capped(wanted or method.mount.default_lease_ttl_seconds, record, call)
    renewable = body.renewable and (role is None or role.renewable) and record.type != BATCH
    return replace(record, ttl=granted, last_ttl=granted, expire_time=call.now + granted, renewable=renewable)


def _both(what: str, seconds: int) -> str:
    return f"{what} specified both during creation call and in role; using the lesser value of {seconds} seconds"


def _display_name(given: str) -> str:
    if not given:
        return "token"
    return _NOT_IN_DISPLAY_NAMES.sub("-", f"token-{given}").removesuffix("-")
