"""Roles and settings of a mount of cert: listing, reading, writing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.addresses import AddressList
from auth_methods.cert.certificates import InvalidCertificate, read_trusted
from auth_methods.cert.records import CONFIG, ROLES, Config, Role, decode, key
from auth_methods.cert.state import Cert
from auth_methods.records import encoded
from auth_methods.token_fields import TokenFields, TokenSettings, changed
from engines.base import Body, Call, Mount, Nothing, Page, Reply
from engines.faults import InvalidRequest
from engines.fields import CommaList, Duration, FoldedName
from storage.base import Transaction, delete, put, transact

OLD_NAMES = {
    "policies": "token_policies",
    "ttl": "token_ttl",
    "max_ttl": "token_max_ttl",
    "period": "token_period",
    "bound_cidrs": "token_bound_cidrs",
}
_MAX_LISTED = 1_000
_MAX_PEM_CHARACTERS = 1024 * 1024


class RoleName(Body):
    """The name of a role, in any case."""

    name: FoldedName = ""

    tells = {
        "name": "The name of the role, case-insensitive.",
    }


class RoleBody(TokenFields):
    """A role's settings; omitted ones are unchanged."""

    other_names: ClassVar[Mapping[str, str]] = {**OLD_NAMES, "lease": "token_ttl"}

    name: FoldedName = ""
    certificate: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    allowed_names: CommaList | UnsetType = UNSET
    allowed_common_names: CommaList | UnsetType = UNSET
    allowed_dns_sans: CommaList | UnsetType = UNSET
    allowed_email_sans: CommaList | UnsetType = UNSET
    allowed_uri_sans: CommaList | UnsetType = UNSET
    allowed_organizational_units: CommaList | UnsetType = UNSET
    allowed_metadata_extensions: CommaList | UnsetType = UNSET
    required_extensions: CommaList | UnsetType = UNSET
    ocsp_enabled: bool = False
    policies: CommaList | UnsetType = UNSET
    lease: int | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    max_ttl: Duration | UnsetType = UNSET
    period: Duration | UnsetType = UNSET
    bound_cidrs: AddressList | UnsetType = UNSET

    tells = {
        "name": "The name of the role, case-insensitive.",
        "certificate": "Certificates in PEM: authorities whose clients are accepted, or client certificates "
        "themselves.",
        "display_name": "The display name of the tokens. Default: the name of the role.",
        "allowed_names": (
            "Common names, DNS names or email addresses, of which the certificate must have one; `*` matches any text."
        ),
        "allowed_common_names": "Common names, of which the certificate must have one; `*` matches any text.",
        "allowed_dns_sans": "DNS names, of which the certificate must have one; `*` matches any text.",
        "allowed_email_sans": "Email addresses, of which the certificate must have one; `*` matches any text.",
        "allowed_uri_sans": "URIs, of which the certificate must have one; `*` matches any text.",
        "allowed_organizational_units": "Organizational units, of which the certificate must have one; `*` "
        "matches any text.",
        "allowed_metadata_extensions": "Object identifiers of certificate extensions that become metadata of the "
        "token.",
        "required_extensions": "Extensions that the certificate must have, as `OBJECT_ID:TEXT`; `*` matches any text.",
        "ocsp_enabled": "Not supported.",
        "policies": "The old name of `token_policies`.",
        "lease": "An old name of `token_ttl`, in seconds.",
        "ttl": "The old name of `token_ttl`.",
        "max_ttl": "The old name of `token_max_ttl`.",
        "period": "The old name of `token_period`.",
        "bound_cidrs": "The old name of `token_bound_cidrs`.",
    }


class ConfigBody(Body):
    """The mount's settings; a write replaces all."""

    disable_binding: bool = False
    enable_identity_alias_metadata: bool = False

    tells = {
        "disable_binding": "Allow renewal of tokens without the certificate of the login.",
        "enable_identity_alias_metadata": "Not supported.",
    }


_SETTINGS = tuple(name for name in Role.__struct_fields__ if name != "token")


async def list_roles(method: Cert, call: Call, body: Page) -> Reply:
    """List the names of the roles."""
    return Reply({"keys": await method.mount.storage.list(ROLES, body.after, body.limit if body.limit > 0 else None)})


async def read_role(method: Cert, call: Call, body: RoleName) -> Reply | None:
    """Show a role."""
    role = await method.role(body.name)
    return None if role is None else Reply(_shown(role))


async def write_role(method: Cert, call: Call, body: RoleBody) -> Reply | None:
    """Create or change a role."""
    before = len(call.warnings)

    async def store_role(transaction: Transaction) -> None:
        del call.warnings[before:]  # The transaction may run several times.
        value = await transaction.get(key(body.name))
        role = _changed(Role() if value is None else decode(value), body)
        _warn(role.token, method.mount, call)
        transaction.put(key(body.name), encoded(role))

    await transact(method.mount.storage, store_role)
    return Reply() if call.warnings else None


async def delete_role(method: Cert, call: Call, body: RoleName) -> None:
    """Delete a role; its tokens stay until they end, and can't be renewed."""
    await delete(method.mount.storage, key(body.name))


async def read_config(method: Cert, call: Call, body: Nothing) -> Reply:
    """Show the mount's settings."""
    config = await method.configuration()
    return Reply(
        {
            "disable_binding": config.disable_binding,
            "enable_identity_alias_metadata": False,
            "ocsp_cache_size": 0,
        }
    )


async def write_config(method: Cert, call: Call, body: ConfigBody) -> None:
    """Replace the mount's settings."""
    if body.enable_identity_alias_metadata:
        raise InvalidRequest("enable_identity_alias_metadata is not supported by this server")
    await put(method.mount.storage, CONFIG, msgspec.msgpack.encode(Config(disable_binding=body.disable_binding)))


def _warn(token: TokenSettings, mount: Mount, call: Call) -> None:
    """Warn if tokens can't live as long as ``token`` says."""
    for name, seconds, most in (
        ("ttl", token.ttl, mount.default_lease_ttl_seconds),
        ("max_ttl", token.max_ttl, mount.max_lease_ttl_seconds),
    ):
        if seconds > most:
            call.warn(
                f"Given {name} of {seconds} seconds is greater than current mount/system default of {most} seconds"
            )
    if token.period > mount.max_lease_ttl_seconds:
        most = mount.max_lease_ttl_seconds
        call.warn(f"Given period of {token.period} seconds is greater than the backend's maximum TTL of {most} seconds")


def _changed(role: Role, body: RoleBody) -> Role:
    if body.ocsp_enabled:
        raise InvalidRequest("OCSP is not supported by this server")
    if body.lease is not UNSET and body.ttl is UNSET:
        body = replace(body, ttl=body.lease)  # Its name in the earliest versions.
    changes = {name: getattr(body, name) for name in _SETTINGS if getattr(body, name) is not UNSET}
    if any(isinstance(value, list) and len(value) > _MAX_LISTED for value in changes.values()):
        raise InvalidRequest(f"a list may hold at most {_MAX_LISTED} entries")
    role = replace(role, **changes, token=changed(role.token, body, OLD_NAMES))
    if not role.display_name:
        role = replace(role, display_name=body.name.lower())
    if len(role.certificate) > _MAX_PEM_CHARACTERS:
        raise InvalidRequest("failed to parse certificate")
    try:
        read_trusted(role.certificate)
    except InvalidCertificate as error:
        raise InvalidRequest(str(error)) from None
    return role


def _shown(role: Role) -> dict[str, Any]:
    return {name: getattr(role, name) for name in _SETTINGS} | {
        "ocsp_ca_certificates": "",
        "ocsp_enabled": False,
        "ocsp_fail_open": False,
        "ocsp_query_all_servers": False,
        "ocsp_servers_override": None,
        **role.token.shown(OLD_NAMES),
    }
