"""Stored state of the tenants' logs of one ledger: size and root of each, its keys, and how far the server's log is in.

Tenants are spread over a fixed number of records, so that a round of any number of them is one transaction of bounded
size. A tenant's log is a function of the server's, so what is remembered of that rules out a second history of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from server.audit.ledger.device.state import LogKeys, decoded, new_keys, storage_key
from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.tenants.projection import tenant_origin
from server.audit.ledger.tenants.sizes import Round, Size
from storage.base import Transaction, transact
from storage.view import View

PARTS = 256
"""The number of records that have the tenants of a ledger."""


class TenantLog(msgspec.Struct, frozen=True):
    """The newest state of a tenant's log, and its keys."""

    keys: LogKeys
    size: int = 0
    root: bytes = EMPTY_ROOT
    time: int = 0
    """Its time, in nanoseconds since 1970."""

    announced: bool = False
    """Whether an entry of the log names its first keys."""

    lost: bool = False
    """Whether its directory can't be brought to this state: then nothing is added or signed."""


class TenantLogs:
    """The tenants' logs of the ledger ``origin``, below ``view``. All methods raise ``StorageFault``."""

    def __init__(self, view: View, origin: str) -> None:
        self._view = view
        self._origin = origin

    async def position(self) -> int:
        """The first entry of the server's that isn't in the tenants' logs yet."""
        return decoded(await self._view.get(self._key("position")), int) or 0

    async def get(self, namespace_id: str) -> TenantLog | None:
        """What is remembered of a namespace's log."""
        return (await self._part(_part_of(namespace_id))).get(namespace_id)

    async def all(self) -> dict[str, TenantLog]:
        """What is remembered of each."""
        found: dict[str, TenantLog] = {}
        for part in range(PARTS):
            found.update(await self._part(part))
        return found

    async def advance(self, known: int, done: Round, now: int) -> bool:
        """Remember a round, in one transaction; False, with nothing changed, unless the position is ``known``."""
        parts: dict[int, dict[str, Size | None]] = {}
        for name, size in done.sizes.items():
            parts.setdefault(_part_of(name), {})[name] = size
        for name in done.lost:
            parts.setdefault(_part_of(name), {})[name] = None

        async def apply(transaction: Transaction) -> bool:
            if (decoded(await transaction.get(self._key("position")), int) or 0) != known:
                return False
            for part, changed in parts.items():
                logs = decoded(await transaction.get(self._key(str(part))), dict[str, TenantLog]) or {}
                for name, size in changed.items():
                    logs[name] = _grown(logs.get(name), size, now)
                transaction.put(self._key(str(part)), msgspec.msgpack.encode(logs))
            transaction.put(self._key("position"), msgspec.msgpack.encode(done.position))
            return True

        return await transact(self._view, apply)

    async def change(self, namespace_id: str, change: Callable[[TenantLog], TenantLog]) -> TenantLog | None:
        """Replace what is remembered of one log, which ``change`` may be asked for several times; None without one."""

        async def apply(transaction: Transaction) -> TenantLog | None:
            key = self._key(str(_part_of(namespace_id)))
            logs = decoded(await transaction.get(key), dict[str, TenantLog]) or {}
            present = logs.get(namespace_id)
            if present is not None and (changed := change(present)) != present:
                logs[namespace_id] = changed
                transaction.put(key, msgspec.msgpack.encode(logs))
                return changed
            return present

        return await transact(self._view, apply)

    async def change_keys(self, namespace_id: str, change: Callable[[LogKeys], LogKeys]) -> LogKeys:
        """As ``Ledgers.change_keys``, for one log, which is remembered."""
        changed = await self.change(namespace_id, lambda log: replace(log, keys=change(log.keys)))
        assert changed is not None, "logs are never forgotten but all at once"
        return changed.keys

    async def expire_keys(self, now: int) -> None:
        """Destroy the private halves of keys whose overlap is over at ``now``."""
        for part in range(PARTS):
            for name, log in (await self._part(part)).items():
                if any(pair.until <= now for pair in log.keys.older):
                    await self.change_keys(name, partial(_without_expired, tenant_origin(self._origin, name), now))

    async def forget(self, names: Mapping[str, object] | None = None) -> None:
        """Forget ``names``, or all with the position: their logs begin anew, with new keys."""

        async def apply(transaction: Transaction) -> None:
            for part in range(PARTS):
                key = self._key(str(part))
                logs = decoded(await transaction.get(key), dict[str, TenantLog]) or {}
                gone = [name for name in logs if names is None or name in names]
                for name in gone:
                    del logs[name]
                    transaction.delete(storage_key(tenant_origin(self._origin, name), "pruned"))
                if gone:
                    transaction.put(key, msgspec.msgpack.encode(logs))
            if names is None:
                transaction.delete(self._key("position"))

        await transact(self._view, apply)

    async def _part(self, part: int) -> dict[str, TenantLog]:
        return decoded(await self._view.get(self._key(str(part))), dict[str, TenantLog]) or {}

    def _key(self, name: str) -> str:
        return storage_key(self._origin, f"tenants/{name}")


def _without_expired(origin: str, now: int, keys: LogKeys) -> LogKeys:
    return keys.without_expired(origin, now)


def _part_of(namespace_id: str) -> int:
    return sha256(namespace_id.encode()).digest()[0]


def _grown(known: TenantLog | None, size: Size | None, now: int) -> TenantLog:
    """What is remembered after a log has grown to ``size``, or is lost if that is None."""
    log = known or TenantLog(LogKeys(new_keys()))
    if size is None:
        return replace(log, lost=True)
    assert log.size <= size.size
    return replace(log, size=size.size, root=size.root, time=now)
