"""State of one mount of userpass, and its stored users."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from auth_methods import passwords
from auth_methods.base import Renewal
from auth_methods.records import encoded
from auth_methods.token_fields import TokenSettings, parse_policies
from engines.base import Mount
from engines.crypto_policy.fips import FipsGuard, FipsMode
from engines.faults import Failed, InvalidRequest
from storage.base import Transaction, transact

_SCHEME_OPTION = "password_hashing"


class UserRecord(Struct, frozen=True, kw_only=True):
    """A stored user."""

    password_hash: str
    token: TokenSettings = TokenSettings()

    def __repr__(self) -> str:
        return f"UserRecord(token={self.token!r})"


class Userpass:
    """The users of one mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self.fips = FipsGuard(mount.fips_mode, f"the auth method at {mount.path!r}")

    @property
    def scheme(self) -> passwords.Scheme:
        """The scheme of new hashes. Raises ``InvalidRequest`` if the mount's option names no scheme."""
        default = passwords.Scheme.PBKDF2 if self.fips.active else passwords.Scheme.ARGON2ID
        name = self.mount.options.get(_SCHEME_OPTION, default.value)
        try:
            chosen = passwords.Scheme(name)
        except ValueError:
            raise InvalidRequest(f"unknown {_SCHEME_OPTION} {name!r}") from None
        # An option that predates the mode must not prevent a login or a change of password.
        return passwords.Scheme.PBKDF2 if self.fips.mode is FipsMode.ENABLED else chosen

    async def user(self, name: str) -> UserRecord | None:
        """The user of this name, in any case."""
        return await self.mount.storage.load(key(name), _decode)

    async def read(self, transaction: Transaction, name: str) -> UserRecord | None:
        """As ``user``, in a transaction."""
        value = await transaction.get(key(name))
        return None if value is None else _decode(value)

    def put(self, transaction: Transaction, name: str, user: UserRecord) -> None:
        """Write a user."""
        transaction.put(key(name), encoded(user))

    async def update(self, name: str, change: Callable[[UserRecord], UserRecord]) -> None:
        """Replace a user by the result of ``change``. Raises ``Failed`` if there is none."""

        async def store_changed(transaction: Transaction) -> None:
            user = await self.read(transaction, name)
            if user is None:
                raise Failed("username does not exist")
            self.put(transaction, name, change(user))

        await transact(self.mount.storage, store_changed)

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """The renewal that the user allows; none once the user is deleted or has other policies."""
        user = await self.user(metadata.get("username", ""))
        if user is None:
            raise Failed("failed to renew entry: username does not exist")
        if {*parse_policies(user.token.policies)} - {"default"} != {*policies} - {"default"}:
            raise Failed("failed to renew entry: policies have changed, not renewing")
        return user.token.renewal()


def key(name: str) -> str:
    """The storage key of a user."""
    return f"user/{name.lower()}"


def _decode(value: bytes) -> UserRecord:
    return msgspec.msgpack.decode(value, type=UserRecord)
