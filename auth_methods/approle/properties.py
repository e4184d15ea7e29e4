"""Single properties of a role, each with a path of its own: a table, and three handlers for each row.

``POST`` sets the property, ``DELETE`` restores its default. For an unknown role a read answers 404, a write
"unsupported path", and a deletion succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from auth_methods.approle.records import Role
from auth_methods.approle.roles import OLD_NAMES, RoleBody, RoleName, changed_role, checked_role
from auth_methods.approle.state import AppRole
from auth_methods.token_fields import bound_addresses, checked, parse_policies
from engines.base import Call, Handler, Mount, Operation, Reply, Route, Row, meanings
from engines.faults import Failed, InvalidRequest, UnsupportedPath


@dataclass(frozen=True, slots=True)
class Property:
    """One path. ``fields`` are the parameters that set it, the current name first."""

    path: str
    fields: tuple[str, ...]
    show: Callable[[Role], dict[str, Any]]
    missing: str = ""
    """The name that the error gives if no value is sent; empty if nothing changes then."""

    reset: Callable[[Role], Role] | None = None
    """None if it can't be deleted."""

    writable: bool = True
    deprecated: str = ""
    """A warning added to each read."""


def _listed(value: tuple[str, ...] | None) -> list[str] | None:
    return list(value) if value else None


def _token(role: Role, **changes: Any) -> Role:
    return replace(role, token=replace(role.token, **changes))


def _old(role: Role, name: str) -> dict[str, Any]:
    """The older name of a token setting beside the current one, as ``TokenSettings.shown`` decides."""
    shown = role.token.shown(OLD_NAMES)
    return {key: shown[key] for key in (name, OLD_NAMES[name]) if key in shown}


PROPERTIES = (
    Property(
        "policies", ("token_policies", "policies"), lambda role: _old(role, "policies"),
        "token_policies", lambda role: _token(role, policies=()),
    ),
    Property(
        "bound-cidr-list", ("bound_cidr_list",),
        lambda role: {"bound_cidr_list": _listed(role.secret_id_bound_cidrs)},
        reset=lambda role: replace(role, secret_id_bound_cidrs=None),
        deprecated='The "bound_cidr_list" field is deprecated and will be removed. Please use "secret_id_bound_cidrs" '
        "instead.",
    ),
    Property(
        "secret-id-bound-cidrs", ("secret_id_bound_cidrs",),
        lambda role: {"secret_id_bound_cidrs": _listed(role.secret_id_bound_cidrs)},
        reset=lambda role: replace(role, secret_id_bound_cidrs=None),
    ),
    Property(
        "token-bound-cidrs", ("token_bound_cidrs",),
        lambda role: {"token_bound_cidrs": _listed(role.token.bound_cidrs)},
        reset=lambda role: _token(role, bound_cidrs=()),
    ),
    Property(
        "bind-secret-id", ("bind_secret_id",), lambda role: {"bind_secret_id": role.bind_secret_id},
        "bind_secret_id", lambda role: replace(role, bind_secret_id=True),
    ),
    Property(
        "secret-id-num-uses", ("secret_id_num_uses",), lambda role: {"secret_id_num_uses": role.secret_id_num_uses},
        "secret_id_num_uses", lambda role: replace(role, secret_id_num_uses=0),
    ),
    Property(
        "secret-id-ttl", ("secret_id_ttl",), lambda role: {"secret_id_ttl": role.secret_id_ttl},
        "secret_id_ttl", lambda role: replace(role, secret_id_ttl=0),
    ),
    Property(
        "period", ("token_period", "period"), lambda role: _old(role, "period"),
        "period", lambda role: _token(role, period=0),
    ),
    Property(
        "token-num-uses", ("token_num_uses",), lambda role: {"token_num_uses": role.token.num_uses},
        "token_num_uses", lambda role: _token(role, num_uses=0),
    ),
    Property(
        "token-ttl", ("token_ttl",), lambda role: {"token_ttl": role.token.ttl},
        "token_ttl", lambda role: _token(role, ttl=0),
    ),
    Property(
        "token-max-ttl", ("token_max_ttl",), lambda role: {"token_max_ttl": role.token.max_ttl},
        "token_max_ttl", lambda role: _token(role, max_ttl=0),
    ),
    Property("role-id", ("role_id",), lambda role: {"role_id": role.role_id}, "role_id"),
    Property(
        "local-secret-ids", ("local_secret_ids",), lambda role: {"local_secret_ids": role.local_secret_ids},
        writable=False,
    ),
)  # fmt: skip


def property_routes() -> Iterator[Row[AppRole]]:
    """The rows of all properties."""
    for row in PROPERTIES:
        path, name = f"role/{{role_name}}/{row.path}", row.path
        yield Route(Operation.READ, path, _reader(row), RoleName, f"Show a role's {name}.", writes=False)
        if row.writable:
            yield Route(Operation.UPDATE, path, _writer(row), _body(row), f"Change a role's {name}.")
        if row.reset is not None:
            yield Route(Operation.DELETE, path, _resetter(row.reset), RoleName, f"Give a role's {name} its default.")


def _body(row: Property) -> type[RoleName]:
    """A body with the fields of ``RoleBody`` that this property has."""
    kinds = {info.encode_name: info.type for info in msgspec.structs.fields(RoleBody)}
    fields = [(name, kinds[name], UNSET) for name in row.fields]
    told = {"tells": {name: meanings(RoleBody)[name] for name in row.fields}, "other_names": RoleBody.other_names}
    title = f"{row.path.title().replace('-', '')}Body"
    body = msgspec.defstruct(title, fields, bases=(RoleName,), kw_only=True, namespace=told)
    assert issubclass(body, RoleName)
    return body


def _reader(row: Property) -> Handler[AppRole, RoleName]:
    async def read(method: AppRole, call: Call, body: RoleName) -> Reply | None:
        role = await method.store.role(body.role_name)
        if role is None:
            return None
        if row.deprecated:
            call.warn(row.deprecated)
        return Reply(row.show(role))

    return read


def _writer(row: Property) -> Handler[AppRole, RoleName]:
    async def write(method: AppRole, call: Call, body: RoleName) -> None:
        given = {name: getattr(body, name) for name in row.fields if getattr(body, name) is not UNSET}

        def change(role: Role | None) -> Role:
            if role is None:
                raise UnsupportedPath
            if all(value == "" for value in given.values()):
                if row.missing:
                    raise InvalidRequest(f"missing {row.missing}")
                return role
            return _changed(role, given, call, method.mount)

        await method.store.change_role(body.role_name, change)

    return write


def _changed(role: Role, given: dict[str, Any], call: Call, mount: Mount) -> Role:
    """``role`` with ``given``. Errors that are 500 when a whole role is written are 400 here, as in OpenBao."""
    if "token_bound_cidrs" in given:
        try:
            bound_addresses(given["token_bound_cidrs"])
        except InvalidRequest as error:
            raise InvalidRequest(f"failed to parse token_bound_cidrs: {error.message}") from None
    if any(given.get(name) == [] for name in ("bound_cidr_list", "secret_id_bound_cidrs")):
        raise InvalidRequest("missing bound_cidr_list")
    if given.get("token_ttl", 0) > role.token.max_ttl > 0:
        raise InvalidRequest("token_ttl should not be greater than token_max_ttl")
    if 0 < given.get("token_max_ttl", 0) < role.token.ttl:
        raise InvalidRequest("token_max_ttl should be greater than or equal to token_ttl")
    if "token_policies" in given:
        given = given | {"token_policies": list(parse_policies(given["token_policies"]))}
    try:
        return changed_role(role, RoleBody(**given), call, mount)
    except Failed as error:
        if error.message is not None and "CIDR" in error.message:
            raise InvalidRequest(error.message) from None
        raise


def _resetter(reset: Callable[[Role], Role]) -> Handler[AppRole, RoleName]:
    async def delete(method: AppRole, call: Call, body: RoleName) -> None:
        def change(role: Role | None) -> Role:
            if role is None:
                raise LookupError
            changed = reset(role)
            checked(changed.token)
            return checked_role(changed)

        try:
            await method.store.change_role(body.role_name, change)
        except LookupError:
            return

    return delete
