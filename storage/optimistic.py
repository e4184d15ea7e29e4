"""Optimistic transactions, used by all backends: they record what was read and buffer what is written.

On leaving, the backend gets a ``Proposal``: what was read (each entry by the revision that wrote it, each list by its
names), and the writes. It commits them if all that was read would be read the same now. Because lists are compared by
their result, an entry that has appeared in a listed folder (a phantom) is a conflict too. So committed transactions
are serialisable, in the order of their revisions.

Inside the block each read sees the latest committed state, not a snapshot; reading a thing twice gives the same
answer. A read-only transaction is consistent if all its reads saw one revision of the store, which is the usual case
and costs nothing; otherwise leaving it asks the backend to validate, and raises ``Conflict`` if its reads were never
true at one time.

If a task is cancelled during its commit, the commit happens as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, TypeAlias

from storage.paths import check_key, check_limit, check_prefix, check_value, name_below

MAX_TRANSACTION_WRITES = 100_000
"""The most entries that one transaction may write; larger changes take several."""

Listing: TypeAlias = tuple[str, str, int | None]
"""The arguments of a list: prefix, after, limit."""

NameList: TypeAlias = list[str]
"""``list[str]``, for classes in which ``list`` is a method."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read: ``written`` is the revision that wrote it (0: there is none), ``state`` that of the store."""

    value: bytes | None
    written: int
    state: int


@dataclass(frozen=True, slots=True)
class Names:
    """A list as read, when the store was at revision ``state``."""

    names: list[str]
    state: int


@dataclass(slots=True)
class Proposal:
    """A transaction as handed to the backend."""

    reads: dict[str, int] = field(default_factory=dict)
    lists: dict[Listing, list[str]] = field(default_factory=dict)
    writes: dict[str, bytes | None] = field(default_factory=dict)
    oldest: int | None = None
    """The oldest revision of the store that a read saw; None if nothing was read."""

    newest: int = 0

    def note(self, state: int) -> None:
        """Remember that a read saw the store at revision ``state``."""
        self.oldest = state if self.oldest is None else min(self.oldest, state)
        self.newest = max(self.newest, state)

    def seen_only(self, state: int) -> bool:
        """Whether every read saw the store as it was at ``state``: then there is nothing to compare."""
        return self.oldest is None or self.oldest == self.newest == state

    @property
    def consistent(self) -> bool:
        """Whether all reads saw one state of the store."""
        return self.oldest is None or self.oldest == self.newest


class Validator(Protocol):
    """The state of a backend that a proposal is validated against."""

    def written(self, key: str) -> int:
        """The revision that wrote the entry at ``key``; 0 if there is none."""

    def names(self, prefix: str, after: str, limit: int | None) -> list[str]:
        """The list, as ``Reader.list``."""


def still_holds(proposal: Proposal, state: Validator) -> bool:
    """Whether all that ``proposal`` has read would be read the same in ``state``."""
    return all(state.written(key) == written for key, written in proposal.reads.items()) and all(
        state.names(*listing) == names for listing, names in proposal.lists.items()
    )


class Backend(Protocol):
    """The part of a store that a transaction uses."""

    async def read(self, key: str) -> Entry: ...

    async def read_names(self, prefix: str, after: str, limit: int | None) -> Names: ...

    async def commit(self, proposal: Proposal) -> None: ...


class OptimisticTransaction:
    """A transaction and its own context manager."""

    __slots__ = ("_backend", "_finished", "_proposal", "_values")

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._proposal = Proposal()
        self._values: dict[str, bytes | None] = {}
        self._finished = False

    async def __aenter__(self) -> OptimisticTransaction:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finished = True
        if kind is None and (self._proposal.writes or not self._proposal.consistent):
            await self._backend.commit(self._proposal)

    async def get(self, key: str) -> bytes | None:
        """As ``Reader.get``; own writes are seen."""
        self._check_open()
        check_key(key)
        if key in self._proposal.writes:
            return self._proposal.writes[key]
        if key not in self._values:
            entry = await self._backend.read(key)
            # Another task of the same transaction may have read it meanwhile: the first answer is kept.
            if key not in self._values:
                self._proposal.note(entry.state)
                self._proposal.reads[key] = entry.written
                self._values[key] = entry.value
        return self._values[key]

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """As ``Reader.list``; own writes are seen."""
        self._check_open()
        check_prefix(prefix)
        check_limit(limit)
        if limit == 0:
            return []
        overlay = _Overlay(prefix, self._proposal.writes)
        if overlay.empty:
            return list(await self._committed(prefix, after, limit))
        names = sorted(name for name in overlay.added if name > after)
        # Deletions may remove as many of the committed names as they touch.
        wanted = None if limit is None else limit + len(overlay.removed)
        for name in await self._committed(prefix, after, wanted):
            if name in overlay.added:
                continue
            if name not in overlay.removed or (name.endswith("/") and await self._survives(prefix + name)):
                names.append(name)
        return sorted(names)[:limit]

    def put(self, key: str, value: bytes) -> None:
        """As ``Transaction.put``."""
        check_value(value)
        self._write(key, bytes(value))

    def delete(self, key: str) -> None:
        """As ``Transaction.delete``."""
        self._write(key, None)

    def _write(self, key: str, value: bytes | None) -> None:
        self._check_open()
        check_key(key)
        self._proposal.writes[key] = value
        if len(self._proposal.writes) > MAX_TRANSACTION_WRITES:
            raise ValueError(f"a transaction writes at most {MAX_TRANSACTION_WRITES} entries")

    def _check_open(self) -> None:
        if self._finished:
            raise ValueError("the transaction is finished")

    async def _committed(self, prefix: str, after: str, limit: int | None) -> NameList:
        listing = (prefix, after, limit)
        if listing not in self._proposal.lists:
            found = await self._backend.read_names(prefix, after, limit)
            if listing not in self._proposal.lists:
                self._proposal.note(found.state)
                self._proposal.lists[listing] = found.names
        return self._proposal.lists[listing]

    async def _survives(self, folder: str) -> bool:
        """Whether a committed entry is left below ``folder`` once own deletions are applied.

        Each step lists one name more than deletions touch there: one of them is untouched, or all are known.
        """
        folders = [folder]
        while folders:
            prefix = folders.pop()
            removed = _Overlay(prefix, self._proposal.writes).removed
            for name in await self._committed(prefix, "", len(removed) + 1):
                if name not in removed:
                    return True
                if name.endswith("/"):
                    folders.append(prefix + name)
        return False


class _Overlay:
    """The names directly below ``prefix`` that own writes add, and those that own deletions touch."""

    __slots__ = ("added", "removed")

    def __init__(self, prefix: str, writes: Mapping[str, bytes | None]) -> None:
        self.added: set[str] = set()
        self.removed: set[str] = set()
        for key, value in writes.items():
            if key.startswith(prefix):
                (self.removed if value is None else self.added).add(name_below(prefix, key))

    @property
    def empty(self) -> bool:
        return not self.added and not self.removed
