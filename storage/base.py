"""The contracts of storage: small, so that stores, the barrier and views all meet them and stack on each other.

Keys are paths: non-empty segments of printable text joined by ``/``; values are bytes, which no layer interprets but
its owner. A transaction reads a state, buffers its writes, and commits all of them or none. Transactions are
optimistic: the commit fails with ``Conflict`` if anything that was read (an entry, or a list) has changed since, so no
caller holds a lock while it works. ``transact`` runs a transaction again until it commits.

Every commit that wrote something advances the store's *revision* by one and records which keys it changed. A cache of
decoded entries is right for as long as it has dropped what changed up to the present revision (see ``storage.cache``).

    StorageFault
      +- Conflict            another commit changed what this transaction had read
      +- Damaged             an entry can't be what was written there; names the entry
      +- Unavailable         the medium refused: file locked, connection lost, store closed
      |    +- Full           ... because it has no space left; it can still be read
      +- BarrierSealed       the barrier has no keys at present
      +- NotInitialized      there is nothing to unseal yet
      +- AlreadyInitialized  there is, and it isn't replaced
      +- WrongRootKey        the key that was given does not open the barrier

A key or value that no layer could store (see ``storage.paths``) is a bug of the caller: ``ValueError``.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

MAX_KEY_BYTES = 2048
"""The longest storage key, in bytes of UTF-8."""

MAX_VALUE_BYTES = 32 * 1024 * 1024
"""The largest value of one entry, in bytes, as stored: what the barrier adds counts."""

_ATTEMPTS = 100
_LONGEST_PAUSE_SECONDS = 0.1


class StorageFault(Exception):
    """Storage could not do what was asked; nothing was changed."""


class Conflict(StorageFault):
    """Another commit changed what this transaction had read."""


class KeyTooLong(StorageFault, ValueError):
    """A key or prefix has more than ``MAX_KEY_BYTES``. Clients choose names, so this need not be a bug."""


class ValueTooLarge(StorageFault, ValueError):
    """A value has more than ``MAX_VALUE_BYTES``. Clients choose the size, and may send parts."""


class Damaged(StorageFault):
    """An entry's bytes are not what was once written there."""


class Unavailable(StorageFault):
    """The medium can't be read or written at present."""


class Full(Unavailable):
    """The medium has no space left; what is there can still be read."""


class BarrierSealed(StorageFault):
    """The barrier has no keys: it was not unsealed yet, or has been sealed."""


class NotInitialized(StorageFault):
    """There is no keyring to unseal, or no seal configuration to unseal it by."""


class AlreadyInitialized(StorageFault):
    """There is a keyring, which initialising would destroy."""


class WrongRootKey(StorageFault):
    """The root key is not the one that the keyring was sealed under."""


class Reader(Protocol):
    """Reads, as stores and transactions offer them."""

    async def get(self, key: str) -> bytes | None:
        """The value at ``key``, or None. Raises ``Damaged`` or ``Unavailable``."""

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """The names directly below ``prefix``, in byte order, at most ``limit`` (None: all) that sort behind ``after``.

        ``prefix`` is ``""`` or ends in ``/``. A name with entries below it is a folder and ends in ``/``, as in
        Vault; a key that is also a folder is listed once as each. Names are relative to ``prefix``.
        """


class Transaction(Reader, Protocol):
    """Reads one state and its own writes; writes are buffered until the block is left."""

    def put(self, key: str, value: bytes) -> None:
        """Write ``value`` at ``key`` when the transaction commits."""

    def delete(self, key: str) -> None:
        """Remove ``key`` when the transaction commits; removing what isn't there is no error."""


class Storage(Reader, Protocol):
    """The contract of every layer: reads of the latest committed state, and transactions."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits when the block is left without an exception, and only returns when the writes are durable.

        Raises ``Conflict`` on leaving if what was read has changed, ``Unavailable`` if it could not be made durable;
        in both cases nothing was written. An exception inside the block discards the writes. A read-only transaction
        raises ``Conflict`` too, unless all its reads were true at one moment. If the task is cancelled while the commit
        is under way, the commit happens as a whole or not at all.
        """


@dataclass(frozen=True, slots=True)
class Changes:
    """The keys changed by the commits after one revision, up to and including ``revision``.

    ``keys`` is None when the record doesn't reach that far back: then anything may have changed.
    """

    revision: int
    keys: frozenset[str] | None


class Store(Storage, Protocol):
    """A backend: the bottom layer, which owns the medium and counts revisions.

    It is opened by a callable ``(settings, shared=None)``, where ``shared`` (see ``storage.shared_memory``) is how the
    processes of one server tell each other of revisions; None if there is only one process.
    """

    @property
    def revision(self) -> int:
        """The newest revision known here without asking the medium; cheap enough to read at every request.

        It is at least that of every commit which any process of this server has acknowledged.
        """

    async def changes(self, since: int) -> Changes:
        """The changes after revision ``since``."""

    async def lead(self) -> bool:
        """Whether this process is the leader, which does what must be done once, such as removing expired entries.

        One process of all that use the medium becomes leader, until it closes the store or ends.
        """

    async def close(self) -> None:
        """Finish what is under way and release the medium. The store can't be used afterwards."""


@runtime_checkable
class Claims(Protocol):
    """An opener of stores whose medium belongs to one server at a time."""

    def claim(self, settings: Mapping[str, str]) -> AbstractContextManager[None]:
        """Keep the medium that ``settings`` name from other servers within the block; forked processes share it.

        Entering raises ``Unavailable`` if another server has it, ``ValueError`` for wrong settings.
        """


@runtime_checkable
class Copyable(Protocol):
    """An opener of stores whose medium can be copied to a file and back."""

    def back_up(self, settings: Mapping[str, str], file: Path) -> int:
        """Copy the state of one moment to ``file``, entries as they are, and give their number.

        A server may be running. Raises ``StorageFault``, also if ``file`` is there; ``ValueError`` for wrong settings.
        """

    def restore(self, settings: Mapping[str, str], file: Path) -> int:
        """Replace the empty medium's state by that in ``file``, and return the number of entries.

        Raises ``StorageFault``, also if a server uses the medium, or it holds entries; ``ValueError`` for wrong
        settings.
        """


async def put(storage: Storage, key: str, value: bytes) -> None:
    """Write one entry in a transaction of its own."""
    async with storage.transaction() as transaction:
        transaction.put(key, value)


async def delete(storage: Storage, key: str) -> None:
    """Remove one entry in a transaction of its own."""
    async with storage.transaction() as transaction:
        transaction.delete(key)


async def transact(storage: Storage, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Run ``work`` in a transaction and commit it; run it again, on the new state, for as long as it conflicts.

    ``work`` may run several times and must have no effect but through the transaction. Raises ``Conflict`` when it
    still conflicts after 100 attempts (some seconds), and whatever ``work`` raises.

    Of all tasks that write the same entry, each commit lets one through; random pauses of growing length spread the
    others.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with storage.transaction() as transaction:
                result = await work(transaction)
        except Conflict:
            if attempt == _ATTEMPTS:
                raise
            longest = min(_LONGEST_PAUSE_SECONDS, 0.0005 * 2**attempt)
            await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - not a secret
            continue
        return result
    raise AssertionError("unreachable")
