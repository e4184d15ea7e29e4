"""Table of namespaces, except the root: one record in the root namespace's storage, and an index of it.

The record is small (about 150 bytes for each namespace, and its metadata), so it is read as a whole; it is read again
when the cache says that it has changed, so a change by one process holds for the next request in every other. Tenants
aren't opened for that (see ``server.core.tenant_pool``).

An entry has the random salt from which the namespace's barrier keys are derived: without it, nothing left of a
namespace in storage, or in a backup of the part below ``ns/<id>/``, can ever be decrypted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from engines.base import Clock
from engines.faults import Failed, InvalidRequest
from server.runtime.identifiers import random_text
from server.tenants.namespaces.names import MAX_DEPTH, above
from server.tenants.namespaces.records import (
    Entry,
    Record,
    check_metadata,
    decode_record,
    entry_at,
    new_entry,
    with_entry,
)
from storage.base import MAX_VALUE_BYTES, Transaction, transact
from storage.view import View

T = TypeVar("T")

MAX_NAMESPACES = 10_000

ALREADY_GONE = "requested namespace does not exist"
_NOT_FOUND = "namespace not found"
_RECORD = "table"
_ERASED_UNTIL_SECONDS = 60.0
"""The period after a deletion in which its storage is erased again: another process may have been about to write."""


class NamespaceTable:
    """The table below ``view``."""

    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._record = Record()
        self._below: dict[str, list[Entry]] = {}
        self._changes = 0
        self.stale = True
        """Whether what is stored may have changed since the last ``load``."""

        self.by_path: dict[str, Entry] = {}
        """As of the last ``load``; so are all answers that aren't awaited."""

        self.by_id: dict[str, Entry] = {}
        view.watch(self._changed)

    def _changed(self) -> None:
        self._changes += 1
        self.stale = True

    @property
    def leaving(self) -> list[str]:
        """The ids of deleted namespaces whose storage is yet to be erased."""
        return list(self._record.leaving)

    async def load(self) -> None:
        """Load the stored table, if it may have changed."""
        while self.stale:
            changes = self._changes
            record = await self._view.load(_RECORD, decode_record) or Record()
            if changes != self._changes:
                continue  # It has changed during the read, and another task may have loaded it since.
            if record is not self._record:
                self._index(record)
            self.stale = False

    def _index(self, record: Record) -> None:
        self._record = record
        self.by_path = {entry.path: entry for entry in record.entries}
        self.by_id = {entry.id: entry for entry in record.entries}
        self._below = {}
        for entry in record.entries:
            self._below.setdefault(entry.above, []).append(entry)

    def children(self, path: str) -> list[Entry]:
        """The namespaces directly below the one at ``path``, by name."""
        return sorted(self._below.get(path, ()), key=lambda entry: entry.name)

    def descendants(self, path: str) -> list[Entry]:
        """All namespaces below the one at ``path``, parents before children, by path."""
        found = [entry for entry in self.by_path.values() if entry.path.startswith(path) and entry.path != path]
        return sorted(found, key=lambda entry: (entry.path.count("/"), entry.path))

    def locked_at(self, path: str) -> str | None:
        """The path of the topmost locked namespace that ``path`` is or is below; None if there is none."""
        locked = None
        for each in (path, *above(path)):
            entry = self.by_path.get(each)
            if entry is not None and entry.lock:
                locked = each
        return locked

    async def create(self, path: str, metadata: dict[str, str]) -> Entry:
        """The namespace at ``path``, created if absent; its metadata is replaced in either case.

        Raises ``InvalidRequest`` if its parent no longer exists, or there are too many namespaces.
        """
        check_metadata(metadata)

        def change(record: Record) -> tuple[Record, Entry]:
            present = entry_at(record, path)
            if present is not None:
                changed = replace(present, metadata=metadata)
                return with_entry(record, changed), changed
            if len(record.entries) >= MAX_NAMESPACES:
                raise InvalidRequest(f"there may be at most {MAX_NAMESPACES} namespaces")
            if path.count("/") > MAX_DEPTH:
                raise InvalidRequest(f"namespaces may be nested at most {MAX_DEPTH} deep")
            entry = new_entry(record, path, metadata)
            if entry.above and entry_at(record, entry.above) is None:
                raise InvalidRequest("parent namespace not found")
            return replace(record, entries=(*record.entries, entry)), entry

        return await self._change(change)

    async def patch(self, path: str, patch: dict[str, str | None]) -> Entry:
        """Set and, where a value is None, remove metadata. Raises ``InvalidRequest`` if there is no such namespace."""

        def patched(entry: Entry) -> Entry:
            merged = {name: value for name, value in {**entry.metadata, **patch}.items() if value is not None}
            check_metadata(merged)
            return replace(entry, metadata=merged)

        return await self._change_entry(path, patched, _NOT_FOUND)

    async def clear_metadata(self, path: str) -> Entry:
        """Remove all metadata. Raises ``InvalidRequest`` if there is no such namespace."""
        return await self._change_entry(path, lambda entry: replace(entry, metadata={}), _NOT_FOUND)

    async def delete(self, path: str) -> bool:
        """Delete a namespace and its salt; False if it doesn't exist. Raises ``InvalidRequest`` if it has children.

        Its entries are erased later: see ``leaving`` and ``erased``.
        """

        def change(record: Record) -> tuple[Record, bool]:
            entry = entry_at(record, path)
            if entry is None:
                return record, False
            if any(other.path.startswith(path) and other is not entry for other in record.entries):
                raise InvalidRequest("unable to delete namespace containing child namespaces")
            entries = tuple(other for other in record.entries if other is not entry)
            return Record(entries, {**record.leaving, entry.id: self._clock()}), True

        return await self._change(change)

    async def erased(self, ids: Iterable[str]) -> None:
        """Record that nothing is left of deleted namespaces, if the deletion is long enough ago."""
        now, times = self._clock(), self._record.leaving
        done = {each for each in ids if now - times.get(each, now) >= _ERASED_UNTIL_SECONDS}
        if not done:
            return

        def change(record: Record) -> tuple[Record, None]:
            leaving = {other: time for other, time in record.leaving.items() if other not in done}
            return replace(record, leaving=leaving), None

        await self._change(change)

    async def lock(self, path: str) -> str:
        """Lock a namespace and all below it, and return the key that unlocks it. Raises ``InvalidRequest``."""
        key = random_text()

        def locked(entry: Entry) -> Entry:
            if entry.lock:
                raise InvalidRequest(f'cannot lock namespace "{path}": is already locked')
            return replace(entry, lock=_digest(key))

        await self._change_entry(path, locked, ALREADY_GONE)
        return key

    async def unlock(self, path: str, key: str | None) -> None:
        """Unlock a namespace with its key; None for callers that need none. Raises ``InvalidRequest`` or ``Failed``."""

        def unlocked(entry: Entry) -> Entry:
            if not entry.lock:
                raise InvalidRequest(f'namespace "{path}" is not locked')
            if key == "":
                raise Failed("provided empty key")
            if key is not None and not hmac.compare_digest(_digest(key), entry.lock):
                raise InvalidRequest("incorrect unlock key")
            return replace(entry, lock=b"")

        await self._change_entry(path, unlocked, ALREADY_GONE)

    async def _change_entry(self, path: str, change: Callable[[Entry], Entry], missing: str) -> Entry:
        """Replace the namespace at ``path``. Raises ``InvalidRequest`` with the text ``missing`` if there is none."""

        def changed(record: Record) -> tuple[Record, Entry]:
            entry = entry_at(record, path)
            if entry is None:
                raise InvalidRequest(missing)
            after = change(entry)
            return with_entry(record, after), after

        return await self._change(changed)

    async def _change(self, change: Callable[[Record], tuple[Record, T]]) -> T:
        async def rewrite_record(transaction: Transaction) -> T:
            value = await transaction.get(_RECORD)
            before = Record() if value is None else decode_record(value)
            after, result = change(before)
            if after is not before:
                encoded = msgspec.msgpack.encode(after)
                if len(encoded) > MAX_VALUE_BYTES // 2:
                    raise InvalidRequest("the namespaces' metadata takes too much room")
                transaction.put(_RECORD, encoded)
            return result

        return await transact(self._view, rewrite_record)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
