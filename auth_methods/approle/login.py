"""Login with a role id and a secret id, and removal of secret ids that have ended."""

from __future__ import annotations

from msgspec.structs import replace

from auth_methods.addresses import contains, normal_addresses
from auth_methods.approle.records import Role, SecretId
from auth_methods.approle.state import AppRole
from auth_methods.base import InvalidCredentials, Login
from engines.base import Body, Call, Nothing, Reply
from engines.faults import Failed, InvalidRequest

_INVALID = "invalid role or secret ID"


class LoginBody(Body):
    """A role id and its proof. Surrounding blanks are dropped: the values come from files with a newline."""

    role_id: str = ""
    secret_id: str = ""

    tells = {
        "role_id": "The id of the role.",
        "secret_id": "A secret id of the role. Required unless `bind_secret_id` is false.",
    }

    def named_account(self) -> str:
        """As ``NamesAccount``: the role id."""
        return self.role_id.strip()


async def log_in(method: AppRole, call: Call, body: LoginBody) -> Login:
    """Give a token for a role id and one of the role's secret ids, if the role wants one."""
    role_id, secret_id = body.role_id.strip(), body.secret_id.strip()
    if not role_id:
        raise Failed("missing role_id")
    role = await method.store.role_by_id(role_id)
    if not secret_id and (role is None or role.bind_secret_id):
        raise InvalidRequest("missing secret_id")  # Also for unknown roles, so that it doesn't reveal which exist.
    if role is None:
        raise InvalidCredentials(_INVALID)
    token, metadata = role.token, {"role_name": role.name}
    if role.bind_secret_id:
        entry = await _used(method, role, secret_id, call)
        metadata = entry.metadata | metadata
        if entry.token_bound_cidrs:
            token = replace(token, bound_cidrs=normal_addresses(entry.token_bound_cidrs))
    else:
        _check_role_address(role, call)
    return token.login(call, alias=role.role_id, metadata=metadata, alias_metadata=metadata)


async def _used(method: AppRole, role: Role, secret_id: str, call: Call) -> SecretId:
    def check(entry: SecretId) -> None:
        if entry.cidr_list and not contains(entry.cidr_list, call.remote_address):
            raise InvalidRequest(
                f'source address "{call.remote_address}" unauthorized through CIDR restrictions on the secret ID'
            )
        _check_role_address(role, call)

    try:
        return await method.store.use_secret(role, await method.store.hash(secret_id), check, call.now)
    except LookupError:
        raise InvalidCredentials(_INVALID) from None


def _check_role_address(role: Role, call: Call) -> None:
    if role.secret_id_bound_cidrs and not contains(role.secret_id_bound_cidrs, call.remote_address):
        raise InvalidRequest(f'source address "{call.remote_address}" unauthorized by CIDR restrictions on the role')


async def tidy(method: AppRole, call: Call, body: Nothing) -> Reply:
    """Remove secret ids that have ended; also done every minute."""
    await method.store.sweep(call.now)
    call.warn(
        "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's server "
        "logs."
    )
    return Reply(status=202)
