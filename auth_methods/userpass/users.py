"""Users of userpass: their settings and passwords, and logins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods import passwords
from auth_methods.addresses import AddressList
from auth_methods.base import InvalidCredentials, Login
from auth_methods.token_fields import TokenFields, changed, parse_policies
from auth_methods.userpass.state import Userpass, UserRecord, key
from engines.base import Body, Call, Page, Reply
from engines.faults import Failed, InvalidRequest
from engines.fields import CommaList, Duration, FoldedName
from storage.base import Transaction, delete, transact

_OLD_NAMES = {
    "policies": "token_policies",
    "ttl": "token_ttl",
    "max_ttl": "token_max_ttl",
    "bound_cidrs": "token_bound_cidrs",
}


class UserName(Body):
    """The name of a user, in any case."""

    username: FoldedName = ""

    tells = {
        "username": "The user name, case-insensitive.",
    }


class UserBody(TokenFields):
    """A user's settings; omitted ones are unchanged."""

    other_names: ClassVar[Mapping[str, str]] = _OLD_NAMES

    username: FoldedName = ""
    password: str = ""
    password_hash: str = ""
    policies: CommaList | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    max_ttl: Duration | UnsetType = UNSET
    bound_cidrs: AddressList | UnsetType = UNSET

    tells = {
        "username": "The user name, case-insensitive.",
        "password": "The password.",
        "password_hash": "A hash of the password, instead of it: Argon2id or PBKDF2-HMAC-SHA-256.",
        "policies": "The old name of `token_policies`.",
        "ttl": "The old name of `token_ttl`.",
        "max_ttl": "The old name of `token_max_ttl`.",
        "bound_cidrs": "The old name of `token_bound_cidrs`.",
    }


class PasswordBody(UserName):
    """A new password, or its hash."""

    password: str = ""
    password_hash: str = ""

    tells = {
        "password": "The password.",
        "password_hash": "A hash of the password, instead of it: Argon2id or PBKDF2-HMAC-SHA-256.",
    }


class PoliciesBody(UserName):
    """New policies."""

    other_names: ClassVar[Mapping[str, str]] = {"policies": "token_policies"}

    policies: CommaList | UnsetType = UNSET
    token_policies: CommaList | UnsetType = UNSET

    tells = {
        "policies": "The old name of `token_policies`.",
        "token_policies": "The policies of the user's tokens.",
    }


class LoginBody(UserName):
    """A name and its password."""

    password: str = ""

    tells = {
        "password": "The password.",
    }

    def named_account(self) -> str:
        """As ``NamesAccount``."""
        return self.username.lower()


async def list_users(method: Userpass, call: Call, body: Page) -> Reply:
    """List the names of the users."""
    return Reply({"keys": await method.mount.storage.list("user/", body.after, body.limit if body.limit > 0 else None)})


async def read_user(method: Userpass, call: Call, body: UserName) -> Reply | None:
    """Show a user, without the password."""
    user = await method.user(body.username)
    return None if user is None else Reply(user.token.shown(_OLD_NAMES))


async def write_user(method: Userpass, call: Call, body: UserBody) -> Reply | None:
    """Create or change a user."""
    creating = await method.user(body.username) is None
    new_hash = await _new_hash(method, call, body) if body.password or body.password_hash or creating else None

    def write(user: UserRecord | None) -> UserRecord:
        if user is None:
            if new_hash is None:
                raise InvalidRequest("must provide either password or password_hash")  # The user was deleted meanwhile.
            user = UserRecord(password_hash=new_hash)
        token = changed(user.token, body, _OLD_NAMES)
        return UserRecord(password_hash=new_hash or user.password_hash, token=token)

    before = len(call.warnings)

    async def store_user(transaction: Transaction) -> None:
        del call.warnings[before:]  # The transaction may run several times.
        method.put(transaction, body.username, write(await method.read(transaction, body.username)))

    await transact(method.mount.storage, store_user)
    return Reply() if call.warnings else None


async def user_exists(method: Userpass, call: Call, body: UserBody) -> bool:
    """Whether there is such a user."""
    return await method.user(body.username) is not None


async def delete_user(method: Userpass, call: Call, body: UserName) -> None:
    """Delete a user; its tokens stay until they end, and can't be renewed."""
    await delete(method.mount.storage, key(body.username))


async def set_password(method: Userpass, call: Call, body: PasswordBody) -> None:
    """Change a user's password."""
    if await method.user(body.username) is None:
        raise Failed("username does not exist")
    new_hash = await _new_hash(method, call, body)
    await method.update(body.username, lambda user: replace(user, password_hash=new_hash))


async def set_policies(method: Userpass, call: Call, body: PoliciesBody) -> None:
    """Change a user's policies."""
    old_names = ("policies",) if body.policies is not UNSET else ()
    given = body.token_policies if body.token_policies is not UNSET else body.policies
    policies = () if given is UNSET else parse_policies(given)

    def change(user: UserRecord) -> UserRecord:
        used = tuple(sorted({*user.token.old_names, *old_names} - ({"policies"} - set(old_names))))
        return replace(user, token=replace(user.token, policies=policies, old_names=used))

    await method.update(body.username, change)


async def log_in(method: Userpass, call: Call, body: LoginBody) -> Login:
    """Give a token for a name and its password."""
    if not body.password:
        raise Failed("missing password")
    name = body.username.lower()
    user = await method.user(name)
    stored = None if user is None else user.password_hash
    if not await passwords.matches(stored, body.password, method.scheme) or user is None:
        raise InvalidCredentials("invalid username or password")
    user.token.check_address(call)
    method.fips.processing(call, passwords.scheme_of(user.password_hash).unapproved)
    if passwords.is_outdated(user.password_hash, method.scheme):
        await _rehash(method, name, user.password_hash, body.password)
    return user.token.login(call, alias=name, metadata={"username": name}, display_name=name)


async def _rehash(method: Userpass, name: str, old_hash: str, password: str) -> None:
    new_hash = await passwords.hashed(password, method.scheme)

    async def replace_hash(transaction: Transaction) -> None:
        user = await method.read(transaction, name)
        if user is not None and user.password_hash == old_hash:
            method.put(transaction, name, replace(user, password_hash=new_hash))

    await transact(method.mount.storage, replace_hash)


async def _new_hash(method: Userpass, call: Call, body: UserBody | PasswordBody) -> str:
    if body.password and body.password_hash:
        raise InvalidRequest("only one of password or password_hash may be provided")
    if body.password:
        method.fips.protecting(call, method.scheme.unapproved)
        return await passwords.hashed(body.password, method.scheme)
    if not body.password_hash:
        raise InvalidRequest("must provide either password or password_hash")
    try:
        passwords.check_hash(body.password_hash)
    except passwords.InvalidHash:
        raise InvalidRequest("password_hash is not a valid Argon2id or PBKDF2-HMAC-SHA-256 hash") from None
    method.fips.protecting(call, passwords.scheme_of(body.password_hash).unapproved)
    return body.password_hash
