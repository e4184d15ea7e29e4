"""Lockouts: after too many wrong proofs for one account, logins to it are refused for a while.

Failures are counted in shared memory, by all processes of the server together (``login_failures``). The resulting lock
holds in every process at once and is stored, so it also holds after a restart. Names without an account are counted and
locked like others, so that a lock doesn't tell which names exist; what grows with made-up names is bounded.

A login without any stored lock in its namespace reads nothing: a lock that isn't visible yet is one of this run of the
server, and so in shared memory.

Layout below the view: ``<mount accessor>/<SHA-256 of the name>``, a record with the name and the end of the lock.
"""

from __future__ import annotations

import hashlib
import logging

import msgspec
from msgspec import Struct

from server.runtime.log_limits import LimitedLog
from server.tenants.limits.login_failures import LoginFailures
from server.tenants.mounts.table import LockoutConfig
from storage.base import Unavailable, delete, put
from storage.view import View

_failures = LimitedLog(logging.getLogger(__name__))

THRESHOLD = 5
DURATION_SECONDS = 15 * 60
COUNTER_RESET_SECONDS = 15 * 60
"""Vault's defaults."""

MAX_LOCKS = 50_000
"""The most stored locks of a mount; beyond it, new ones aren't stored until some have ended."""


class Lock(Struct, frozen=True):
    """A stored lock. ``until`` is in seconds since the epoch."""

    alias: str
    until: float


class Lockouts:
    """The lockouts of one namespace, whose part of storage is ``view``; ``failures`` is the server's."""

    def __init__(self, view: View, failures: LoginFailures | None = None, namespace_id: str = "") -> None:
        self._view = view
        self._failures = failures or LoginFailures()
        self._namespace_id = namespace_id
        self._changes = 0
        self._looked = -1
        """The number of changes at the last look for stored locks."""

        self._any = True
        """Whether there were stored locks then: without any, a login costs no read."""

        view.watch(self._changed)

    def _changed(self) -> None:
        self._changes += 1

    async def locked(self, accessor: str, alias: str, now: float) -> bool:
        """Whether logins to ``alias`` at the mount with this accessor are refused."""
        if self._failures.locked((self._namespace_id, accessor, alias), now):
            return True
        if self._looked != self._changes:
            changes = self._changes
            self._any = bool(await self._view.list("", limit=1))
            self._looked = changes
        if not self._any:
            return False
        # Not from the cache: a lock set while the proof was checked counts too.
        value = await self._view.get(_key(accessor, alias))
        return value is not None and _decode(value).until > now

    async def failed(self, accessor: str, alias: str, config: LockoutConfig, now: float) -> bool:
        """Count a wrong proof, and lock the account after too many; return whether this one has locked it."""
        duration_seconds = config.duration_seconds or DURATION_SECONDS
        locks = self._failures.failed(
            (self._namespace_id, accessor, alias),
            config.threshold or THRESHOLD,
            config.counter_reset_seconds or COUNTER_RESET_SECONDS,
            duration_seconds,
            now,
        )
        if locks:
            try:
                await self._store(accessor, Lock(alias, now + duration_seconds))
            except Unavailable as error:
                _failures.error("a lock can't be stored, and holds until a restart: %s", error)
        return locks

    def succeeded(self, accessor: str, alias: str) -> None:
        """Forget the wrong proofs before a correct one."""
        self._failures.forget((self._namespace_id, accessor, alias))

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
        """The names locked at a mount, sorted; none for an unknown accessor."""
        if accessor not in await self.accessors():
            return []
        return sorted(lock.alias for _, lock in await self._locks(accessor) if lock.until > now)

    async def sweep(self, now: float) -> None:
        """Remove locks that have ended."""
        for accessor in await self.accessors():
            for key, lock in await self._locks(accessor):
                if lock.until <= now:
                    await delete(self._view, key)

    async def _store(self, accessor: str, lock: Lock) -> None:
        if len(await self._view.list(f"{accessor}/", limit=MAX_LOCKS)) < MAX_LOCKS:
            await put(self._view, _key(accessor, lock.alias), msgspec.msgpack.encode(lock))

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
