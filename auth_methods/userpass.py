"""userpass: names and passwords that the server itself keeps.

A wrong password and an unknown name get the same answer after the same work. Passwords are hashed as the mount's option
``password_hashing`` says: ``argon2id`` unless given, or ``pbkdf2-sha256``, which is the default in the FIPS mode
``preferred`` and all there is in ``enabled``. Hashes that were made otherwise are still checked, so that nobody is
locked out, and made anew with the password that was right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from auth_methods import passwords
from auth_methods.base import InvalidCredentials, Login, Renewal
from auth_methods.token_fields import TokenFields, TokenSettings, changed, parse_policies
from engines.base import Access, Body, Call, Mount, Operation, Reply, Route
from engines.faults import Failed, InvalidRequest
from engines.fields import CommaList, Duration, FoldedName
from engines.fips import FipsGuard, FipsMode
from storage.base import Transaction, delete, transact

_OLD_NAMES = {
    "policies": "token_policies",
    "ttl": "token_ttl",
    "max_ttl": "token_max_ttl",
    "bound_cidrs": "token_bound_cidrs",
}
_SCHEME_OPTION = "password_hashing"


class UserRecord(Struct, frozen=True, kw_only=True):
    """A user, as stored."""

    password_hash: str
    token: TokenSettings = TokenSettings()

    def __repr__(self) -> str:
        return f"UserRecord(token={self.token!r})"


class UserName(Body):
    """Names a user, in any case."""

    username: FoldedName = ""


class ListBody(Body):
    """A page of names."""

    after: str = ""
    limit: int = 0


class UserBody(TokenFields):
    """A user's settings; what isn't given stays."""

    other_names: ClassVar[Mapping[str, str]] = _OLD_NAMES

    username: FoldedName = ""
    password: str = ""
    password_hash: str = ""
    policies: CommaList | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    max_ttl: Duration | UnsetType = UNSET
    bound_cidrs: CommaList | UnsetType = UNSET


class PasswordBody(UserName):
    """A new password, or its hash."""

    password: str = ""
    password_hash: str = ""


class PoliciesBody(UserName):
    """New policies."""

    other_names: ClassVar[Mapping[str, str]] = {"policies": "token_policies"}

    policies: CommaList | UnsetType = UNSET
    token_policies: CommaList | UnsetType = UNSET


class LoginBody(UserName):
    """A name and its proof."""

    password: str = ""


async def list_users(method: Userpass, call: Call, body: ListBody) -> Reply:
    """List the names of the users."""
    return Reply({"keys": await method.mount.storage.list("user/", body.after, body.limit if body.limit > 0 else None)})


async def read_user(method: Userpass, call: Call, body: UserName) -> Reply | None:
    """Show a user, without the password."""
    user = await method.user(body.username)
    return None if user is None else Reply(user.token.shown(_OLD_NAMES))


async def write_user(method: Userpass, call: Call, body: UserBody) -> Reply | None:
    """Make or change a user."""
    creating = await method.user(body.username) is None
    new_hash = await _new_hash(method, call, body) if body.password or body.password_hash or creating else None

    def write(user: UserRecord | None) -> UserRecord:
        if user is None:
            if new_hash is None:
                raise InvalidRequest("must provide either password or password_hash")  # It was deleted meanwhile.
            user = UserRecord(password_hash=new_hash)
        token = changed(user.token, body, _OLD_NAMES)
        return UserRecord(password_hash=new_hash or user.password_hash, token=token)

    before = len(call.warnings)

    async def work(transaction: Transaction) -> None:
        del call.warnings[before:]  # The transaction may run several times.
        method.put(transaction, body.username, write(await method.read(transaction, body.username)))

    await transact(method.mount.storage, work)
    return Reply() if call.warnings else None


async def user_exists(method: Userpass, call: Call, body: UserName) -> bool:
    """Whether there is such a user."""
    return await method.user(body.username) is not None


async def delete_user(method: Userpass, call: Call, body: UserName) -> None:
    """Delete a user; tokens that are out stay until they end, and aren't renewed."""
    await delete(method.mount.storage, _key(body.username))


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

    async def work(transaction: Transaction) -> None:
        user = await method.read(transaction, name)
        if user is not None and user.password_hash == old_hash:
            method.put(transaction, name, replace(user, password_hash=new_hash))

    await transact(method.mount.storage, work)


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


class Userpass:
    """Users of one mount."""

    type: ClassVar[str] = "userpass"
    summary: ClassVar[str] = "Names and passwords kept by the server"

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self.fips = FipsGuard(mount.fips_mode, f"the auth method at {mount.path!r}")

    @property
    def scheme(self) -> passwords.Scheme:
        """How passwords are hashed here. Raises ``InvalidRequest`` if the mount's option names no scheme."""
        default = passwords.Scheme.PBKDF2 if self.fips.active else passwords.Scheme.ARGON2ID
        name = self.mount.options.get(_SCHEME_OPTION, default.value)
        try:
            chosen = passwords.Scheme(name)
        except ValueError:
            raise InvalidRequest(f"unknown {_SCHEME_OPTION} {name!r}") from None
        # An option from before the mode was chosen must not keep anybody from logging in or changing a password.
        return passwords.Scheme.PBKDF2 if self.fips.mode is FipsMode.ENABLED else chosen

    async def user(self, name: str) -> UserRecord | None:
        """The user of this name, in any case."""
        return await self.mount.storage.load(_key(name), _decode)

    async def read(self, transaction: Transaction, name: str) -> UserRecord | None:
        """As ``user``, in a transaction."""
        value = await transaction.get(_key(name))
        return None if value is None else _decode(value)

    def put(self, transaction: Transaction, name: str, user: UserRecord) -> None:
        """Write a user."""
        transaction.put(_key(name), msgspec.msgpack.encode(user))

    async def update(self, name: str, change: Callable[[UserRecord], UserRecord]) -> None:
        """Replace a user by what ``change`` makes of it. Raises ``Failed`` if there is none."""

        async def work(transaction: Transaction) -> None:
            user = await self.read(transaction, name)
            if user is None:
                raise Failed("username does not exist")
            self.put(transaction, name, change(user))

        await transact(self.mount.storage, work)

    def named(self, call: Call, body: Any) -> str:
        """The name in a login."""
        return body.username.lower() if isinstance(body, LoginBody) else ""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """What a user's token may still have; nothing once the user is gone or has other policies."""
        user = await self.user(metadata.get("username", ""))
        if user is None:
            raise Failed("failed to renew entry: username does not exist")
        if {*parse_policies(user.token.policies)} - {"default"} != {*policies} - {"default"}:
            raise Failed("failed to renew entry: policies have changed, not renewing")
        return user.token.renewal()

    routes: ClassVar[tuple[Route, ...]] = (
        Route(Operation.LIST, "users", list_users, ListBody, "List the users.", writes=False),
        Route(Operation.READ, "users/{username}", read_user, UserName, "Show a user.", writes=False),
        Route(Operation.UPDATE, "users/{username}", write_user, UserBody, "Make or change a user.", exists=user_exists),
        Route(Operation.DELETE, "users/{username}", delete_user, UserName, "Delete a user."),
        Route(Operation.UPDATE, "users/{username}/password", set_password, PasswordBody, "Change a user's password."),
        Route(Operation.UPDATE, "users/{username}/policies", set_policies, PoliciesBody, "Change a user's policies."),
        Route(
            Operation.UPDATE,
            "login/{username}",
            log_in,
            LoginBody,
            "Log in with a name and its password.",
            access=Access.PUBLIC,
        ),
    )


def _key(name: str) -> str:
    return f"user/{name.lower()}"


def _decode(value: bytes) -> UserRecord:
    return msgspec.msgpack.decode(value, type=UserRecord)
