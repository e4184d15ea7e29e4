"""Storage of roles and secret ids, with every change that must be atomic.

Layout below the mount's view; hashes are HMAC-SHA256 under a random salt of the mount:

    salt
    role/<name>                          the role
    role-id/<hash of role id>            the role's name
    secret/<role uuid>/<hash>            a secret id, under the hash of itself
    accessor/<hash of accessor>          the place of its secret id
    expiry/<minute>/<role uuid>.<hash>   when it ends; the minute since the epoch, as 8 hexadecimal digits

Once a role is deleted, its secret ids are unreachable, since nothing refers to its uuid. ``sweep`` removes what a crash
leaves behind.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from auth_methods.approle.records import AccessorEntry, Role, SecretId
from auth_methods.records import encoded
from engines.faults import Failed
from storage.base import Transaction, transact
from storage.view import View

_SWEPT_AT_ONCE = 200


class Store:
    """The roles and secret ids of one mount."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def hash(self, text: str) -> str:
        """The mount's salted hash of a role id, secret id or accessor."""
        salt = await self._view.load("salt", bytes)
        if salt is None:
            salt = await transact(self._view, _salt)
        return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()

    async def role(self, name: str) -> Role | None:
        """The role of this name, in any case."""
        return await self._view.load(f"role/{name.lower()}", _decode_role)

    async def role_names(self, after: str, limit: int) -> list[str]:
        """The names of roles in order, at most ``limit`` (0: all)."""
        return await self._view.list("role/", after, limit if limit > 0 else None)

    async def role_by_id(self, role_id: str) -> Role | None:
        """The role with this role id."""
        name = await self._view.load("role-id/" + await self.hash(role_id), bytes.decode)
        role = None if name is None else await self.role(name)
        return role if role is not None and role.role_id == role_id else None

    async def change_role(self, name: str, change: Callable[[Role | None], Role]) -> None:
        """Replace the role by the result of ``change``. Raises ``Failed`` if another role has its role id."""
        name = name.lower()
        await self.hash("")  # Creates the salt, in a transaction of its own.

        async def store_role(transaction: Transaction) -> None:
            value = await transaction.get(f"role/{name}")
            before = None if value is None else _decode_role(value)
            role = change(before)
            if before is None or before.role_id != role.role_id:
                key = "role-id/" + await self.hash(role.role_id)
                if await transaction.get(key) is not None:
                    raise Failed("role_id already in use")
                transaction.put(key, name.encode())
                if before is not None:
                    transaction.delete("role-id/" + await self.hash(before.role_id))
            transaction.put(f"role/{name}", encoded(role))

        await transact(self._view, store_role)

    async def delete_role(self, name: str) -> None:
        """Delete a role with its secret ids; no error if there is none."""
        name = name.lower()
        await self.hash("")

        async def remove_role(transaction: Transaction) -> Role | None:
            value = await transaction.get(f"role/{name}")
            if value is None:
                return None
            role = _decode_role(value)
            transaction.delete(f"role/{name}")
            transaction.delete("role-id/" + await self.hash(role.role_id))
            return role

        role = await transact(self._view, remove_role)
        if role is not None:
            await self._delete_secrets(role.uuid)

    async def add_secret(self, role: Role, secret_id: str, entry: SecretId) -> None:
        """Store a new secret id. Raises ``Failed`` if the role has it already, or is gone."""
        hashed = await self.hash(secret_id)
        accessor_key = "accessor/" + await self.hash(entry.accessor)

        async def store_secret(transaction: Transaction) -> None:
            value = await transaction.get(f"role/{role.name}")
            if value is None or _decode_role(value).uuid != role.uuid:
                raise Failed(f'role "{role.name}" does not exist')
            if await transaction.get(_secret_key(role.uuid, hashed)) is not None:
                raise Failed("failed to store secret_id: SecretID is already registered")
            transaction.put(_secret_key(role.uuid, hashed), encoded(entry))
            transaction.put(accessor_key, msgspec.msgpack.encode(AccessorEntry(role.uuid, hashed)))
            if entry.expiration_time:
                transaction.put(_expiry_key(entry, role.uuid, hashed), b"")

        await transact(self._view, store_secret)

    async def secret(self, role: Role, hashed: str) -> SecretId | None:
        """The secret id of ``role`` under this hash, ended or not."""
        value = await self._view.get(_secret_key(role.uuid, hashed))
        return None if value is None else _decode_secret(value)

    async def use_secret(self, role: Role, hashed: str, check: Callable[[SecretId], None], now: float) -> SecretId:
        """Count one use of a secret id, if ``check`` doesn't raise. Raises ``LookupError`` if none is left."""

        async def count_use(transaction: Transaction) -> SecretId:
            value = await transaction.get(_secret_key(role.uuid, hashed))
            entry = None if value is None else _decode_secret(value)
            if entry is None or not entry.alive(now):
                raise LookupError
            check(entry)
            if entry.num_uses == 1:
                await self._remove(transaction, entry, role.uuid, hashed)
            elif entry.num_uses:
                used = replace(entry, num_uses=entry.num_uses - 1, last_updated_time=now)
                transaction.put(_secret_key(role.uuid, hashed), msgspec.msgpack.encode(used))
            return entry

        return await transact(self._view, count_use)

    async def accessor(self, accessor: str) -> AccessorEntry | None:
        """The place of an accessor's secret id in storage."""
        value = await self._view.get("accessor/" + await self.hash(accessor))
        return None if value is None else msgspec.msgpack.decode(value, type=AccessorEntry)

    async def accessors(self, role: Role, after: str, limit: int, now: float) -> list[str]:
        """The accessors of a role's secret ids, in order, behind ``after``, at most ``limit`` (0: all)."""
        found = []
        for hashed in await self._view.list(f"secret/{role.uuid}/"):
            entry = await self.secret(role, hashed)
            if entry is not None and entry.alive(now) and entry.accessor > after:
                found.append(entry.accessor)
        found.sort()
        return found[:limit] if limit > 0 else found

    async def destroy_secret(self, role_uuid: str, hashed: str) -> None:
        """Remove a secret id; no error if it isn't there."""

        async def remove_secret(transaction: Transaction) -> None:
            value = await transaction.get(_secret_key(role_uuid, hashed))
            if value is not None:
                await self._remove(transaction, _decode_secret(value), role_uuid, hashed)

        await transact(self._view, remove_secret)

    async def sweep(self, now: float) -> None:
        """Remove secret ids that have ended, and those of deleted roles."""
        for minute in await self._view.list("expiry/"):
            if int(minute.rstrip("/"), 16) * 60 > now:
                break
            for name in await self._view.list(f"expiry/{minute}"):
                role_uuid, _, hashed = name.partition(".")
                await self.destroy_secret(role_uuid, hashed)
        filed = await self._view.list("secret/")
        if filed:
            names = await self._view.list("role/")
            roles = [await self.role(name) for name in names]
            living = {role.uuid for role in roles if role is not None}
            for folder in filed:
                if folder.rstrip("/") not in living:
                    await self._delete_secrets(folder.rstrip("/"))

    async def _delete_secrets(self, role_uuid: str) -> None:
        while names := await self._view.list(f"secret/{role_uuid}/", limit=_SWEPT_AT_ONCE):
            for hashed in names:
                await self.destroy_secret(role_uuid, hashed)

    async def _remove(self, transaction: Transaction, entry: SecretId, role_uuid: str, hashed: str) -> None:
        transaction.delete(_secret_key(role_uuid, hashed))
        transaction.delete("accessor/" + await self.hash(entry.accessor))
        if entry.expiration_time:
            transaction.delete(_expiry_key(entry, role_uuid, hashed))


async def _salt(transaction: Transaction) -> bytes:
    salt = await transaction.get("salt")
    if salt is None:
        salt = secrets.token_bytes(32)
        transaction.put("salt", salt)
    return salt


def _secret_key(role_uuid: str, hashed: str) -> str:
    return f"secret/{role_uuid}/{hashed}"


def _expiry_key(entry: SecretId, role_uuid: str, hashed: str) -> str:
    return f"expiry/{int(entry.expiration_time) // 60 + 1:08x}/{role_uuid}.{hashed}"


def _decode_role(value: bytes) -> Role:
    return msgspec.msgpack.decode(value, type=Role)


def _decode_secret(value: bytes) -> SecretId:
    return msgspec.msgpack.decode(value, type=SecretId)
