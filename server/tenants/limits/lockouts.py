"""Lockouts: after a number of wrong proofs for one account, nobody may log in to it for a while.

Failures are counted in memory; what they lead to, a lock, is stored, so it holds after a restart and in every process.
Names that there is no account for are counted and locked like others, so that a lock doesn't tell which names exist;
whatever grows by names that callers make up has a bound.

Layout below the view: ``<mount accessor>/<SHA-256 of the name>``, a record with the name and the end of the lock.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec
from msgspec import Struct

from server.tenants.mounts.table import LockoutConfig
from storage.base import delete, put
from storage.view import View

THRESHOLD = 5
DURATION_SECONDS = 15 * 60
COUNTER_RESET_SECONDS = 15 * 60
"""Vault's defaults."""

MAX_COUNTED = 50_000
"""How many accounts are counted at a time; beyond that, the one whose last failure is the oldest is forgotten."""

MAX_LOCKS = 50_000
"""How many locks are stored for a mount; beyond that, new ones are kept out until some have ended."""


class Lock(Struct, frozen=True):
    """A stored lock. ``until`` is in seconds since the epoch."""

    alias: str
    until: float


class Lockouts:
    """The lockouts of one namespace, whose part of storage is ``view``."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        """Mount accessor and name -> how many failures, and when the last one was."""

    async def locked(self, accessor: str, alias: str, now: float) -> bool:
        """Whether logins to ``alias`` at the mount with this accessor are refused."""
        # Not from the cache: a lock that came while the proof was being checked counts too.
        value = await self._view.get(_key(accessor, alias))
        return value is not None and _decode(value).until > now

    async def failed(self, accessor: str, alias: str, config: LockoutConfig, now: float) -> None:
        """Count a wrong proof, and lock the account if it is one too many."""
        name = (accessor, alias)
        count, last = self._failures.pop(name, (0, now))
        count = 1 if now - last > (config.counter_reset_seconds or COUNTER_RESET_SECONDS) else count + 1
        if count >= (config.threshold or THRESHOLD):
            lock = Lock(alias, now + (config.duration_seconds or DURATION_SECONDS))
            if len(await self._view.list(f"{accessor}/", limit=MAX_LOCKS)) < MAX_LOCKS:
                await put(self._view, _key(accessor, alias), msgspec.msgpack.encode(lock))
            return
        self._failures[name] = (count, now)
        if len(self._failures) > MAX_COUNTED:
            self._failures.popitem(last=False)

    def succeeded(self, accessor: str, alias: str) -> None:
        """Forget the wrong proofs before a right one."""
        self._failures.pop((accessor, alias), None)

    async def unlock(self, accessor: str, alias: str) -> None:
        """Let an account log in again; no error if it isn't locked."""
        self.succeeded(accessor, alias)
        key = _key(accessor, alias)
        if await self._view.get(key) is not None:
            await delete(self._view, key)

    async def accessors(self) -> list[str]:
        """The accessors of the mounts that have locks, sorted."""
        return [name.rstrip("/") for name in await self._view.list("")]

    async def listed(self, accessor: str, now: float) -> list[str]:
        """The names that are locked out at a mount, sorted."""
        return sorted(lock.alias for _, lock in await self._locks(accessor) if lock.until > now)

    async def sweep(self, now: float) -> None:
        """Remove locks that have ended."""
        for accessor in await self.accessors():
            for key, lock in await self._locks(accessor):
                if lock.until <= now:
                    await delete(self._view, key)

    async def _locks(self, accessor: str) -> list[tuple[str, Lock]]:
        found = []
        for name in await self._view.list(f"{accessor}/", limit=MAX_LOCKS):
            value = await self._view.get(f"{accessor}/{name}")
            if value is not None:
                found.append((f"{accessor}/{name}", _decode(value)))
        return found


def _key(accessor: str, alias: str) -> str:
    return f"{accessor}/{hashlib.sha256(alias.encode()).hexdigest()}"


def _decode(value: bytes) -> Lock:
    return msgspec.msgpack.decode(value, type=Lock)
