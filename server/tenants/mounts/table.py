"""Mount table of one namespace: which engine serves which path.

The table is one record in storage. The router (engines, compiled route tables) is rebuilt from it when the cache
returns a new record, so a mount made through any process serves the next request in every other. Engines of unchanged
mounts are kept.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engines.base import LISTS, Access, Closes, EngineType, Operation, Row
from engines.base.routing import Endpoint, route_table
from engines.faults import InvalidRequest
from server.audit.entry import AuditMount
from storage.base import Transaction, transact
from storage.view import View

MOUNT_TABLE = "sys/mounts"
_LEFTOVERS = "sys/unmounted/"
AUTH = "auth/"
IN_NAMESPACE = "ns_"
"""The prefix of built-in mounts' types in namespaces other than the root, as in OpenBao."""

MAX_ENTRY_BYTES = 64 * 1024
"""The most bytes of one stored mount, with its description, options and the lists in its configuration."""

MAX_TABLE_BYTES = 8 * 1024 * 1024
"""The most bytes of a namespace's table: each change writes all of it, and every process reads it."""

_DELETED_AT_ONCE = 500


class LockoutConfig(Struct, frozen=True, kw_only=True):
    """The thresholds of lockouts; 0 takes the server's default."""

    threshold: int = 0
    duration_seconds: int = 0
    counter_reset_seconds: int = 0
    disable: bool = False


class MountConfig(Struct, frozen=True, kw_only=True):
    """Tunable settings. TTLs in seconds, 0 for the system's; lists are None until set."""

    default_lease_ttl: int = 0
    max_lease_ttl: int = 0
    force_no_cache: bool = False
    listing_visibility: str = ""
    audit_non_hmac_request_keys: tuple[str, ...] | None = None
    audit_non_hmac_response_keys: tuple[str, ...] | None = None
    passthrough_request_headers: tuple[str, ...] | None = None
    allowed_response_headers: tuple[str, ...] | None = None
    token_type: str = ""
    user_lockout: LockoutConfig | None = None


class MountEntry(Struct, frozen=True, kw_only=True):
    """One mount. ``path`` ends in ``/``; that of an auth method starts with ``auth/``."""

    path: str
    type: str
    uuid: str
    accessor: str
    description: str = ""
    options: dict[str, str] | None = None
    local: bool = False
    seal_wrap: bool = False
    external_entropy_access: bool = False
    plugin_version: str = ""
    config: MountConfig = MountConfig()
    built_in: bool = False
    """Created by the server itself: can't be disabled or moved."""

    reloads: int = 0
    """The number of requested reloads. Another number makes another entry, and so another engine."""

    @property
    def is_auth(self) -> bool:
        """Whether it is an auth method."""
        return self.path.startswith(AUTH)

    @property
    def engine_type(self) -> str:
        """The type of its engine."""
        return self.type.removeprefix(IN_NAMESPACE) if self.built_in else self.type

    @property
    def storage_prefix(self) -> str:
        """The prefix of the engine's entries, below the namespace's prefix."""
        return storage_prefix(self.uuid)


def storage_prefix(mount_id: str) -> str:
    """The prefix of the entries of the mount with this id, below the namespace's prefix."""
    return f"mount/{mount_id}/"


class _Table(Struct, frozen=True):
    entries: list[MountEntry]


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mount with its running engine: the type, and its state object."""

    entry: MountEntry
    type: EngineType[..., Any]
    engine: object
    audit: AuditMount


@dataclass(frozen=True, slots=True)
class Match:
    """The mount of a path, and the pattern in its route table, if one matches."""

    mounted: Mounted
    path: str
    """The path below the mount."""

    endpoint: Endpoint | None
    parameters: dict[str, str]

    def route_for(self, operation: Operation) -> Row[Any] | None:
        """The row that serves ``operation``; a creation is served by the row of updates."""
        if self.endpoint is None:
            return None
        return self.endpoint.routes.get(Operation.UPDATE if operation is Operation.CREATE else operation)

    def is_public(self, route: Row[Any]) -> bool:
        """Whether ``route``, one of the endpoint's, needs no token on this mount."""
        if route.public_where is None:
            return route.access is Access.PUBLIC
        option, value = route.public_where
        return (self.mounted.entry.options or {}).get(option) == value


class Router:
    """Finds the mount and the route for a path. Results aren't cached: finding one takes less memory and time."""

    def __init__(self, mounts: dict[str, Mounted]) -> None:
        self.mounts = mounts
        self._deepest = max((path.count("/") for path in mounts), default=0)

    def find_for(self, operation: Operation, path: str) -> Match | None:
        """The mount and the pattern that a request for ``path`` reaches; that of a list may end in a slash."""
        if operation in LISTS:
            return self.find(path.removesuffix("/")) or self.find(path)
        return self.find(path) or self.find(f"{path}/")

    def find(self, path: str) -> Match | None:
        """The mount that ``path`` lies below, or None. Mounts never lie below each other."""
        slash = -1
        for _ in range(self._deepest):
            slash = path.find("/", slash + 1)
            if slash < 0:
                return None
            mounted = self.mounts.get(path[: slash + 1])
            if mounted is not None:
                below = path[slash + 1 :]
                match = route_table(mounted.type).match(below)
                endpoint, parameters = match if match is not None else (None, {})
                return Match(mounted, below, endpoint, parameters)
        return None


class Mounts:
    """The mount table of one namespace. ``bring_up`` creates the engine of an entry and its audit block."""

    def __init__(self, view: View, bring_up: Callable[[MountEntry], Mounted]) -> None:
        self._view = view
        self._bring_up = bring_up
        self._record: _Table | None = None
        self._router = Router({})

    async def router(self) -> Router:
        """The router for the present table."""
        record = await self._view.load(MOUNT_TABLE, _decode)
        if record is not self._record:
            await self._rebuild(record)
        return self._router

    async def entries(self) -> list[MountEntry]:
        """All mounts, by path."""
        record = await self._view.load(MOUNT_TABLE, _decode)
        return [] if record is None else sorted(record.entries, key=lambda entry: entry.path)

    async def entry(self, path: str) -> MountEntry | None:
        """The mount at exactly ``path``."""
        return next((entry for entry in await self.entries() if entry.path == path), None)

    async def begin(self, entries: list[MountEntry]) -> None:
        """Add those of ``entries``, all built in, that are missing: on the first start, or after an upgrade."""

        async def add_missing(transaction: Transaction) -> None:
            present = await _read(transaction)
            paths = {entry.path for entry in present}
            missing = [entry for entry in entries if entry.path not in paths]
            if missing:
                transaction.put(MOUNT_TABLE, msgspec.msgpack.encode(_Table([*present, *missing])))

        await transact(self._view, add_missing)

    async def enable(self, entry: MountEntry) -> None:
        """Add a mount. Raises ``InvalidRequest`` if its path lies at, above or below another's."""

        def add(entries: list[MountEntry]) -> list[MountEntry]:
            other = _overlapping(entry.path, entries)
            if other is not None:
                raise InvalidRequest(f"path is already in use at {other.path.removeprefix(AUTH)}")
            return [*entries, entry]

        await self._change(add)

    async def tune(self, path: str, change: Callable[[MountEntry], MountEntry]) -> bool:
        """Replace the mount at ``path`` by the result of ``change``; False if there is none."""
        there = False

        def tuned(entries: list[MountEntry]) -> list[MountEntry]:
            nonlocal there
            there = any(entry.path == path for entry in entries)
            return [change(entry) if entry.path == path else entry for entry in entries]

        await self._change(tuned)
        return there

    async def reload(self, chosen: Callable[[MountEntry], bool]) -> None:
        """Have the engines of those mounts opened anew that ``chosen`` says, by every process."""

        def reloaded(entries: list[MountEntry]) -> list[MountEntry]:
            return [replace(entry, reloads=entry.reloads + 1) if chosen(entry) else entry for entry in entries]

        await self._change(reloaded)

    async def remount(self, source: str, target: str) -> None:
        """Move a mount with its data. Raises ``InvalidRequest`` if it isn't there or ``target`` is taken."""

        def moved(entries: list[MountEntry]) -> list[MountEntry]:
            if all(entry.path != source for entry in entries):
                raise InvalidRequest(f'no matching mount at "{source}"')
            other = _overlapping(target, entries)
            if other is not None:
                raise InvalidRequest(f'path already in use at "{other.path}"')
            return [replace(entry, path=target) if entry.path == source else entry for entry in entries]

        await self._change(moved)

    async def disable(self, path: str) -> bool:
        """Remove a mount and its storage; False if there is none. Resumes after a crash."""

        async def remove_mount(transaction: Transaction) -> bool:
            entries = await _read(transaction)
            leaving = [entry for entry in entries if entry.path == path]
            for entry in leaving:
                transaction.put(_LEFTOVERS + entry.uuid, msgspec.msgpack.encode(entry.storage_prefix))
            if leaving:
                remaining = [entry for entry in entries if entry.path != path]
                transaction.put(MOUNT_TABLE, msgspec.msgpack.encode(_Table(remaining)))
            return bool(leaving)

        there = await transact(self._view, remove_mount)
        if there:
            await self.clear_leftovers()
        return there

    async def clear_leftovers(self) -> None:
        """Remove the entries of disabled mounts; called after a disable and on unsealing."""
        for name in await self._view.list(_LEFTOVERS):
            record = await self._view.get(_LEFTOVERS + name)
            if record is None:
                continue  # Another process has done it.
            await delete_below(self._view, msgspec.msgpack.decode(record, type=str))

            async def forget(transaction: Transaction, marker: str = _LEFTOVERS + name) -> None:
                transaction.delete(marker)

            await transact(self._view, forget)

    async def close(self) -> None:
        """Release all engines, as on sealing."""
        mounts, self._router, self._record = self._router.mounts, Router({}), None
        for mounted in mounts.values():
            await _close(mounted.engine)

    async def _change(self, change: Callable[[list[MountEntry]], list[MountEntry]]) -> None:
        async def rewrite_table(transaction: Transaction) -> None:
            before = await _read(transaction)
            after = change(before)
            unchanged = set(map(id, before))
            for entry in after:
                if id(entry) not in unchanged and len(msgspec.msgpack.encode(entry)) > MAX_ENTRY_BYTES:
                    raise InvalidRequest(f"a mount takes at most {MAX_ENTRY_BYTES} bytes with all its settings")
            table = msgspec.msgpack.encode(_Table(after))
            if len(table) > MAX_TABLE_BYTES:
                raise InvalidRequest(f"the mounts of a namespace take at most {MAX_TABLE_BYTES} bytes")
            transaction.put(MOUNT_TABLE, table)

        await transact(self._view, rewrite_table)

    async def _rebuild(self, record: _Table | None) -> None:
        before = self._router.mounts
        entries = [] if record is None else record.entries
        after: dict[str, Mounted] = {}
        for entry in entries:
            mounted = before.get(entry.path)
            after[entry.path] = mounted if mounted is not None and mounted.entry == entry else self._bring_up(entry)
        self._router = Router(after)
        self._record = record
        kept = {id(mounted) for mounted in after.values()}
        for mounted in before.values():
            if id(mounted) not in kept:
                await _close(mounted.engine)


async def delete_below(view: View, prefix: str) -> None:
    """Delete every entry below ``prefix``, in transactions of a few hundred."""
    folders = [prefix]
    while folders:
        folder = folders[-1]
        names = await view.list(folder, limit=_DELETED_AT_ONCE)
        below = [name for name in names if name.endswith("/")]
        leaves = [folder + name for name in names if not name.endswith("/")]

        async def remove(transaction: Transaction, keys: list[str] = leaves) -> None:
            for key in keys:
                transaction.delete(key)

        if leaves:
            await transact(view, remove)
        folders.extend(folder + name for name in below)
        if not names:
            folders.pop()


def new_accessor(prefix: str) -> str:
    """A mount accessor in Vault's form: the type and eight hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(4)}"


def new_entry(path: str, type_name: str, **settings: Any) -> MountEntry:
    """A new mount entry, with fresh identifiers."""
    prefix = f"auth_{type_name}" if path.startswith(AUTH) else type_name
    return MountEntry(path=path, type=type_name, uuid=str(uuid.uuid4()), accessor=new_accessor(prefix), **settings)


def _overlapping(path: str, entries: list[MountEntry]) -> MountEntry | None:
    """The mount at, above or below ``path``."""
    return next((entry for entry in entries if path.startswith(entry.path) or entry.path.startswith(path)), None)


def _decode(value: bytes) -> _Table:
    return msgspec.msgpack.decode(value, type=_Table)


async def stored_entries(view: View) -> list[MountEntry]:
    """The mounts of the namespace with this storage, which need not be open, by path."""
    value = await view.get(MOUNT_TABLE)
    return [] if value is None else sorted(_decode(value).entries, key=lambda entry: entry.path)


async def is_mounted(transaction: Transaction, mount_id: str) -> bool:
    """Whether the namespace of ``transaction`` has a mount with this id."""
    return any(entry.uuid == mount_id for entry in await _read(transaction))


async def _read(transaction: Transaction) -> list[MountEntry]:
    value = await transaction.get(MOUNT_TABLE)
    return [] if value is None else _decode(value).entries


async def _close(engine: object) -> None:
    if isinstance(engine, Closes):
        await engine.close()
