"""A store in memory, for development and tests; also the simplest implementation of the contract."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping

from storage.base import Changes, Conflict, Unavailable
from storage.changelog import Changelog
from storage.optimistic import Entry, NameList, Names, OptimisticTransaction, Proposal, still_holds
from storage.paths import check_key, check_limit, check_prefix, end_of, first_after, name_below
from storage.shared_memory import SharedRevision


class MemoryStore:
    """Entries in a dictionary, their keys also in a sorted list. No method awaits, so each is atomic."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, int]] = {}
        self._keys: list[str] = []
        self.revision = 0
        """As ``Store.revision``."""

        self._changelog = Changelog(self.revision)
        self._closed = False

    async def get(self, key: str) -> bytes | None:
        """As ``Reader.get``."""
        return (await self.read(key)).value

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """As ``Reader.list``."""
        return (await self.read_names(prefix, after, limit)).names

    def transaction(self) -> OptimisticTransaction:
        """As ``Storage.transaction``."""
        return OptimisticTransaction(self)

    async def changes(self, since: int) -> Changes:
        """As ``Store.changes``."""
        self._check_open()
        return Changes(self.revision, self._changelog.since(since))

    async def lead(self) -> bool:
        """As ``Store.lead``: always true."""
        return True

    async def close(self) -> None:
        """As ``Store.close``; what was stored is gone."""
        self._closed = True
        self._entries.clear()
        self._keys.clear()

    async def read(self, key: str) -> Entry:
        """The entry at ``key``, with its revision."""
        self._check_open()
        check_key(key)
        value, written = self._entries.get(key, (None, 0))
        return Entry(value, written, self.revision)

    async def read_names(self, prefix: str, after: str, limit: int | None) -> Names:
        """The list, with the revision at which it was made."""
        self._check_open()
        check_prefix(prefix)
        check_limit(limit)
        return Names(self.names(prefix, after, limit), self.revision)

    async def commit(self, proposal: Proposal) -> None:
        """Apply ``proposal`` if what it has read still holds; raises ``Conflict``."""
        self._check_open()
        if not proposal.seen_only(self.revision) and not still_holds(proposal, self):
            raise Conflict("another commit changed what this transaction had read")
        if not proposal.writes:
            return
        self.revision += 1
        for key, value in proposal.writes.items():
            if value is None:
                if self._entries.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
            else:
                if key not in self._entries:
                    insort(self._keys, key)
                self._entries[key] = (value, self.revision)
        self._changelog.add(self.revision, proposal.writes)

    def written(self, key: str) -> int:
        """As ``Validator.written``."""
        return self._entries.get(key, (None, 0))[1]

    def names(self, prefix: str, after: str, limit: int | None) -> NameList:
        """As ``Validator.names``: one search per name, however much lies below it."""
        names: NameList = []
        end = end_of(prefix)
        stop = len(self._keys) if end is None else bisect_left(self._keys, end)
        at = bisect_left(self._keys, first_after(prefix, after))
        while at < stop and (limit is None or len(names) < limit):
            name = name_below(prefix, self._keys[at])
            names.append(name)
            at = bisect_left(self._keys, first_after(prefix, name), at + 1) if name.endswith("/") else at + 1
        return names

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")


async def open_memory(settings: Mapping[str, str], shared: SharedRevision | None = None) -> MemoryStore:
    """A new, empty store; it has no settings of its own and ignores what it is given.

    Raises ``ValueError`` if several processes are to share it.
    """
    if shared is not None:
        raise ValueError("storage 'inmem' can't be shared by several workers")
    return MemoryStore()
