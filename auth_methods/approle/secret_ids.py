"""Secret ids of a role: creation, listing, look-up and destruction, by the id or its accessor."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from auth_methods.addresses import AddressList, InvalidAddress, all_within, check_networks
from auth_methods.approle.records import Role, SecretId
from auth_methods.approle.roles import RoleName
from auth_methods.approle.state import AppRole
from engines.base import Call, Page, Reply
from engines.durations import format_time
from engines.faults import Denied, Failed, InvalidRequest, NotFound
from engines.fields import PARTS, Duration, FoldedName

_NEVER = "0001-01-01T00:00:00Z"
_MAX_SECRET_CHARACTERS = 4096
_MAX_METADATA_CHARACTERS = 16 * 1024
_NO_PAIR = "failed to parse metadata: failed to parse the input: invalid <key,value> format"


class ListSecretsBody(Page):
    """A page of the accessors of a role."""

    role_name: FoldedName = ""

    tells = RoleName.tells


def _pairs(text: str) -> list[str]:
    """The pairs of the metadata in ``text``, for policies to judge."""
    try:
        return [f"{name}={value}" for name, value in _metadata(text).items()]
    except InvalidRequest:
        return [text]


class GenerateBody(RoleName):
    """The bindings of the new secret id."""

    metadata: Annotated[str, Meta(extra={PARTS: _pairs})] = ""
    cidr_list: AddressList = []
    token_bound_cidrs: AddressList = []
    num_uses: int | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET

    tells = {
        "metadata": "Metadata of the tokens: the JSON of an object of texts.",
        "cidr_list": "IP addresses and networks from which this secret id may be used, within those of the role.",
        "token_bound_cidrs": "IP addresses and networks from which its tokens may be used, within those of the role.",
        "num_uses": "The number of logins that it allows, at most the role's.",
        "ttl": "The lifetime, as a duration, at most the role's.",
    }


class CustomBody(GenerateBody):
    """As ``GenerateBody``, with the secret id itself."""

    secret_id: str = ""

    tells = {
        "secret_id": "The secret id to add.",
    }


class SecretBody(RoleName):
    """A secret id, named by itself."""

    secret_id: str = ""

    tells = {
        "secret_id": "The secret id.",
    }


class AccessorBody(RoleName):
    """A secret id, named by its accessor."""

    secret_id_accessor: str = ""

    tells = {
        "secret_id_accessor": "The accessor of a secret id.",
    }


async def list_secrets(method: AppRole, call: Call, body: ListSecretsBody) -> Reply:
    """List the accessors of a role's secret ids."""
    role = await method.store.role(body.role_name)
    if role is None:
        raise InvalidRequest(f'role "{body.role_name}" does not exist')
    return Reply({"keys": await method.store.accessors(role, body.after, body.limit, call.now)})


async def generate(method: AppRole, call: Call, body: GenerateBody) -> Reply:
    """Create a secret id."""
    return await _create(method, call, body, str(uuid.uuid4()))


async def set_custom(method: AppRole, call: Call, body: CustomBody) -> Reply:
    """Store a secret id chosen by the caller."""
    if not body.secret_id:
        raise InvalidRequest("missing secret_id")
    if len(body.secret_id) > _MAX_SECRET_CHARACTERS:
        raise InvalidRequest(f"secret_id is longer than {_MAX_SECRET_CHARACTERS} characters")
    return await _create(method, call, body, body.secret_id)


async def _create(method: AppRole, call: Call, body: GenerateBody, secret_id: str) -> Reply:
    role = await method.store.role(body.role_name)
    if role is None:
        raise NotFound(f'role "{body.role_name}" does not exist')
    if not role.bind_secret_id:
        raise InvalidRequest("bind_secret_id is not set on the role")
    num_uses, ttl = _limits(role, body)
    _check_bounds(body.cidr_list, role.secret_id_bound_cidrs, "CIDR")
    _check_bounds(body.token_bound_cidrs, role.token.bound_cidrs, "token CIDR")
    entry = SecretId(
        accessor=str(uuid.uuid4()),
        creation_time=call.now,
        last_updated_time=call.now,
        expiration_time=call.now + ttl if ttl else 0,
        ttl=ttl,
        num_uses=num_uses,
        cidr_list=tuple(body.cidr_list),
        token_bound_cidrs=tuple(body.token_bound_cidrs),
        metadata=_metadata(body.metadata),
    )
    await method.store.add_secret(role, secret_id, entry)
    return Reply(
        {
            "secret_id": secret_id,
            "secret_id_accessor": entry.accessor,
            "secret_id_num_uses": num_uses,
            "secret_id_ttl": ttl,
        },
        accessor=entry.accessor,
    )


def _limits(role: Role, body: GenerateBody) -> tuple[int, int]:
    """The uses and the TTL in seconds of a new secret id, within the role's; 0 means no limit for both."""
    num_uses, ttl = role.secret_id_num_uses, role.secret_id_ttl
    if body.num_uses is not UNSET:
        if body.num_uses < 0:
            raise InvalidRequest("num_uses cannot be negative")
        if num_uses and not 0 < body.num_uses <= num_uses:
            raise InvalidRequest("num_uses cannot be higher than the role's secret_id_num_uses")
        num_uses = body.num_uses
    if body.ttl is not UNSET:
        if ttl and not 0 < body.ttl <= ttl:
            raise InvalidRequest("ttl cannot be longer than the role's secret_id_ttl")
        ttl = body.ttl
    return num_uses, ttl


def _check_bounds(given: list[str], outer: tuple[str, ...] | None, what: str) -> None:
    try:
        check_networks(given)
    except InvalidAddress as error:
        raise Failed(f"failed to validate {what} blocks: {error}") from None
    if given and outer and not all_within(tuple(given), outer):
        raise Failed(
            f"failed to verify subset relationship between CIDR blocks on the role {_quoted(outer)} and CIDR blocks on "
            f"the secret ID {_quoted(given)}"
        )


def _quoted(texts: list[str] | tuple[str, ...]) -> str:
    return f"[{' '.join(json.dumps(text) for text in texts)}]"


def _metadata(text: str) -> dict[str, str]:
    """The metadata in ``text``: a JSON object of strings, or ``name=value`` pairs with commas; plain or in base64."""
    if len(text) > _MAX_METADATA_CHARACTERS:
        raise InvalidRequest(f"metadata is longer than {_MAX_METADATA_CHARACTERS} characters")
    if not text:
        return {}
    try:
        text = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        pass  # It isn't base64.
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, dict) and all(isinstance(value, str) for value in parsed.values()):
        return parsed
    pairs = {}
    for part in text.split(","):
        name, separator, value = part.partition("=")
        if not separator or not name.strip():
            raise InvalidRequest(_NO_PAIR)
        pairs[name.strip()] = value.strip()
    return pairs


async def look_up(method: AppRole, call: Call, body: SecretBody) -> Reply | None:
    """Show what a secret id is bound to; no answer for one that the role doesn't have."""
    role = await _role(method, body.role_name, body.secret_id, "secret_id")
    entry = await method.store.secret(role, await method.store.hash(body.secret_id))
    return Reply(_shown(entry)) if entry is not None and entry.alive(call.now) else None


async def look_up_accessor(method: AppRole, call: Call, body: AccessorBody) -> Reply | None:
    """As ``look_up``, by the accessor."""
    role = await _role(method, body.role_name, body.secret_id_accessor, "secret_id_accessor")
    place = await method.store.accessor(body.secret_id_accessor)
    if place is None:
        return Reply({"error": _no_accessor(body.secret_id_accessor)}, status=404)
    if place.role_uuid != role.uuid:
        return None
    entry = await method.store.secret(role, place.secret_hash)
    return Reply(_shown(entry)) if entry is not None and entry.alive(call.now) else None


async def destroy(method: AppRole, call: Call, body: SecretBody) -> None:
    """Destroy a secret id; no error if the role doesn't have it."""
    role = await _role(method, body.role_name, body.secret_id, "secret_id")
    await method.store.destroy_secret(role.uuid, await method.store.hash(body.secret_id))


async def destroy_accessor(method: AppRole, call: Call, body: AccessorBody) -> None:
    "Destroy the secret id with an accessor."
    role = await _role(method, body.role_name, body.secret_id_accessor, "secret_id_accessor")
    place = await method.store.accessor(body.secret_id_accessor)
    if place is None:
        raise Failed(_no_accessor(body.secret_id_accessor))
    if place.role_uuid != role.uuid:
        raise Denied("invalid secret id accessor", wrapped=False)
    await method.store.destroy_secret(role.uuid, place.secret_hash)


async def _role(method: AppRole, name: str, given: str, parameter: str) -> Role:
    if not given:
        raise InvalidRequest(f"missing {parameter}")
    role = await method.store.role(name)
    if role is None:
        raise Failed(f'role "{name}" does not exist')
    return role


def _no_accessor(accessor: str) -> str:
    return f'failed to find accessor entry for secret_id_accessor: "{accessor}"'


def _shown(entry: SecretId) -> dict[str, Any]:
    return {
        "cidr_list": list(entry.cidr_list),
        "creation_time": format_time(entry.creation_time),
        "expiration_time": format_time(entry.expiration_time) if entry.expiration_time else _NEVER,
        "last_updated_time": format_time(entry.last_updated_time),
        "metadata": entry.metadata,
        "secret_id_accessor": entry.accessor,
        "secret_id_num_uses": entry.num_uses,
        "secret_id_ttl": entry.ttl,
        "token_bound_cidrs": list(entry.token_bound_cidrs),
    }
