"""Which namespaces there are, but for the root: one record in the root namespace's storage, and an index of it.

The record is small (about 150 bytes for each namespace, and what its owner notes down), so reading all of it costs less
than finding out what of it is needed; it is read anew when the cache says that it has changed, so what one process
does holds for the next request of every other. What a namespace holds isn't touched for that (see
``server.open_tenants``).

With an entry goes the random salt that the namespace's barrier keys are derived with: without it, nothing that is left
of a namespace in storage, or in a backup of the part below ``ns/<id>/``, can ever be read again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engines.base import Clock
from engines.faults import Failed, InvalidRequest
from server.namespaces import MAX_DEPTH, ROOT, Namespace, above
from server.tokens import random_text
from storage.base import MAX_VALUE_BYTES, Transaction, transact
from storage.envelope import SALT_BYTES
from storage.view import View

T = TypeVar("T")

MAX_NAMESPACES = 10_000

MAX_METADATA_BYTES = 16 * 1024
"""How much may be noted down with one namespace, in bytes of names and values."""

ALREADY_GONE = "requested namespace does not exist"
_RECORD = "table"
_ID_LENGTH = 6
_ERASED_UNTIL_SECONDS = 60.0
"""For how long after a deletion its storage is looked at again: another process may have been about to write."""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A namespace. ``lock`` is the SHA-256 of the key that unlocks it, empty while it isn't locked."""

    id: str
    path: str
    uuid: str
    salt: bytes
    metadata: dict[str, str] = {}
    lock: bytes = b""

    @property
    def namespace(self) -> Namespace:
        """The namespace itself."""
        return Namespace(self.id, self.path)

    @property
    def name(self) -> str:
        """The last name of the path, with its slash."""
        return self.path[self.path.rstrip("/").rfind("/") + 1 :]

    @property
    def above(self) -> str:
        """The path of the namespace that it lies directly in."""
        return self.path[: -len(self.name)]


@dataclass(slots=True)
class Turns:
    """Goes through all namespaces again and again, a part at a time."""

    after: str = ""
    """The id of the last one whose turn it was."""

    def next(self, table: NamespaceTable, most: int) -> list[Entry]:
        """The next ones, at most ``most`` of them."""
        ids = sorted(table.by_id)
        start = bisect_right(ids, self.after)
        found = ids[start : start + most]
        self.after = found[-1] if found and start + most < len(ids) else ""
        return [table.by_id[each] for each in found]


class _Record(Struct, frozen=True):
    entries: tuple[Entry, ...] = ()
    leaving: dict[str, float] = {}
    """The ids of namespaces that are gone but for their entries in storage, and since when."""


class NamespaceTable:
    """The table below ``view``."""

    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._record = _Record()
        self._below: dict[str, list[Entry]] = {}
        self.stale = True
        """Whether what is stored may have changed since the last ``load``."""

        self.by_path: dict[str, Entry] = {}
        """As of the last ``load``; so are all answers that aren't awaited."""

        self.by_id: dict[str, Entry] = {}
        view.watch(self._changed)

    def _changed(self) -> None:
        self.stale = True

    @property
    def leaving(self) -> list[str]:
        """The ids of namespaces whose storage is yet to be erased."""
        return list(self._record.leaving)

    async def load(self) -> None:
        """Take over what is stored, if it may have changed."""
        if not self.stale:
            return
        self.stale = False
        try:
            record = await self._view.load(_RECORD, _decode) or _Record()
        except BaseException:
            self.stale = True
            raise
        if record is not self._record:
            self._index(record)

    def _index(self, record: _Record) -> None:
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
        """All namespaces below the one at ``path``, those that lie less deep first, by path."""
        found = [entry for entry in self.by_path.values() if entry.path.startswith(path) and entry.path != path]
        return sorted(found, key=lambda entry: (entry.path.count("/"), entry.path))

    def locked_at(self, path: str) -> str | None:
        """The path of the uppermost locked namespace that ``path`` is or lies in; None if there is none."""
        locked = None
        for each in (path, *above(path)):
            entry = self.by_path.get(each)
            if entry is not None and entry.lock:
                locked = each
        return locked

    async def create(self, path: str, metadata: dict[str, str]) -> Entry:
        """The namespace at ``path``, made unless it is there; in either case it has this metadata from now on.

        Raises ``InvalidRequest`` if what it is to lie in isn't there any more, or there are too many.
        """
        _check_metadata(metadata)

        def change(record: _Record) -> tuple[_Record, Entry]:
            present = _at(record, path)
            if present is not None:
                return _with(record, replace(present, metadata=metadata))
            if len(record.entries) >= MAX_NAMESPACES:
                raise InvalidRequest(f"there may be at most {MAX_NAMESPACES} namespaces")
            if path.count("/") > MAX_DEPTH:
                raise InvalidRequest(f"namespaces may be nested at most {MAX_DEPTH} deep")
            taken = {entry.id for entry in record.entries} | record.leaving.keys() | {ROOT.id}
            entry = Entry(
                id=_new_id(taken),
                path=path,
                uuid=str(uuid.uuid4()),
                salt=secrets.token_bytes(SALT_BYTES),
                metadata=metadata,
            )
            if entry.above and _at(record, entry.above) is None:
                raise InvalidRequest("parent namespace not found")
            return replace(record, entries=(*record.entries, entry)), entry

        return await self._change(change)

    async def patch(self, path: str, patch: dict[str, str | None]) -> Entry:
        """Set and, where a value is None, remove metadata. Raises ``InvalidRequest`` if there is no such namespace."""

        def change(record: _Record) -> tuple[_Record, Entry]:
            entry = _present(record, path, "namespace not found")
            merged = {name: value for name, value in {**entry.metadata, **patch}.items() if value is not None}
            _check_metadata(merged)
            return _with(record, replace(entry, metadata=merged))

        return await self._change(change)

    async def clear_metadata(self, path: str) -> Entry:
        """Remove all metadata. Raises ``InvalidRequest`` if there is no such namespace."""
        return await self._change(
            lambda record: _with(record, replace(_present(record, path, "namespace not found"), metadata={}))
        )

    async def delete(self, path: str) -> bool:
        """Remove a namespace, its salt with it; False if it isn't there. Raises ``InvalidRequest`` if one lies in it.

        What it has stored is erased later: see ``leaving`` and ``erased``.
        """

        def change(record: _Record) -> tuple[_Record, bool]:
            entry = _at(record, path)
            if entry is None:
                return record, False
            if any(other.path.startswith(path) and other is not entry for other in record.entries):
                raise InvalidRequest("unable to delete namespace containing child namespaces")
            entries = tuple(other for other in record.entries if other is not entry)
            return _Record(entries, {**record.leaving, entry.id: self._clock()}), True

        return await self._change(change)

    async def erased(self, ids: Iterable[str]) -> None:
        """Note that nothing is left of namespaces that were deleted, where that was long enough ago."""
        now, times = self._clock(), self._record.leaving
        done = {each for each in ids if now - times.get(each, now) >= _ERASED_UNTIL_SECONDS}
        if not done:
            return

        def change(record: _Record) -> tuple[_Record, None]:
            leaving = {other: time for other, time in record.leaving.items() if other not in done}
            return replace(record, leaving=leaving), None

        await self._change(change)

    async def lock(self, path: str) -> str:
        """Lock a namespace and all below it, and give the key that unlocks it. Raises ``InvalidRequest``."""
        key = random_text()

        def change(record: _Record) -> tuple[_Record, Entry]:
            entry = _present(record, path, ALREADY_GONE)
            if entry.lock:
                raise InvalidRequest(f'cannot lock namespace "{path}": is already locked')
            return _with(record, replace(entry, lock=_digest(key)))

        await self._change(change)
        return key

    async def unlock(self, path: str, key: str | None) -> None:
        """Unlock a namespace with its key; None for who may do so without. Raises ``InvalidRequest`` or ``Failed``."""

        def change(record: _Record) -> tuple[_Record, Entry]:
            entry = _present(record, path, ALREADY_GONE)
            if not entry.lock:
                raise InvalidRequest(f'namespace "{path}" is not locked')
            if key == "":
                raise Failed("provided empty key")
            if key is not None and not hmac.compare_digest(_digest(key), entry.lock):
                raise InvalidRequest("incorrect unlock key")
            return _with(record, replace(entry, lock=b""))

        await self._change(change)

    async def _change(self, change: Callable[[_Record], tuple[_Record, T]]) -> T:
        async def work(transaction: Transaction) -> T:
            value = await transaction.get(_RECORD)
            before = _Record() if value is None else _decode(value)
            after, result = change(before)
            if after is not before:
                encoded = msgspec.msgpack.encode(after)
                if len(encoded) > MAX_VALUE_BYTES // 2:
                    raise InvalidRequest("the namespaces' metadata takes too much room")
                transaction.put(_RECORD, encoded)
            return result

        return await transact(self._view, work)


def _decode(value: bytes) -> _Record:
    return msgspec.msgpack.decode(value, type=_Record)


def _at(record: _Record, path: str) -> Entry | None:
    return next((entry for entry in record.entries if entry.path == path), None)


def _present(record: _Record, path: str, missing: str) -> Entry:
    entry = _at(record, path)
    if entry is None:
        raise InvalidRequest(missing)
    return entry


def _with(record: _Record, changed: Entry) -> tuple[_Record, Entry]:
    entries = tuple(changed if entry.id == changed.id else entry for entry in record.entries)
    return replace(record, entries=entries), changed


def _check_metadata(metadata: dict[str, str]) -> None:
    if sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items()) > MAX_METADATA_BYTES:
        raise InvalidRequest(f"custom_metadata is at most {MAX_METADATA_BYTES} bytes")


def _new_id(taken: set[str]) -> str:
    while (found := random_text()[:_ID_LENGTH]) in taken:
        pass
    return found


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
