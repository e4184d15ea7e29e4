"""A store in one SQLite file, shared by the processes of one machine: write-ahead log, ``synchronous=FULL``.

Commits wait in a queue. One committer takes all waiting commits into one SQLite transaction (see
``storage.sqlite.batch``): so one flush of the disk serves all writers that came during the last one.
Readers have connections of their own, which in WAL mode see the latest committed state and never wait for a writer.

Each statement that reads also reads the store's revision, from the same state. So a transaction knows for free whether
its reads belong together. The processes of one server tell each other of revisions through shared memory
(``storage.shared_memory``), and queue for the database's write lock at a lock of their own.

Beside the database lie, as they are needed:

    <path>-server   locked by the server that the database belongs to (see ``storage.sqlite.opener``)
    <path>-commit   locked by the process that commits
    <path>-leader   locked by the process that does what must be done once
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import aiosqlite

from storage.base import Changes, Conflict, Damaged, Unavailable
from storage.changelog import Changelog
from storage.file_locks import FileLock
from storage.optimistic import Entry, Names, OptimisticTransaction, Proposal
from storage.paths import check_key, check_limit, check_prefix
from storage.shared_memory import SharedRevision, SharedSlots
from storage.sqlite.batch import CONFLICTED, LIST, READ, Batch, list_parameters, names_of, newest_revision
from storage.sqlite.schema import BUSY_SECONDS, beside, create_files, database_path, fault, locks_fail, open_writer

P = TypeVar("P")
T = TypeVar("T")

MAX_BATCH = 256
"""The most commits that share one flush; more wait for the next."""

_READERS = 2


@dataclass(slots=True)
class _Commit:
    """A proposal in the queue, and the future of its result, unless cancelled."""

    proposal: Proposal
    done: asyncio.Future[None]

    def succeed(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


_Commits: TypeAlias = list[_Commit]
_Rows: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True)
class _Writer:
    """The one connection that writes, and the thread that it lives in."""

    thread: ThreadPoolExecutor
    connection: sqlite3.Connection
    batch: Batch

    def run(self, function: Callable[[P], T], argument: P) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self.thread, function, argument)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self.thread, self.connection.close)


class SqliteStore:
    """A ``Store`` in one SQLite file; made by ``open_sqlite``."""

    def __init__(
        self,
        path: Path,
        opened: AsyncExitStack,
        writer: _Writer,
        readers: Sequence[aiosqlite.Connection],
        revision: int,
        shared: SharedRevision,
    ) -> None:
        self._path = path
        self._opened = opened
        self._writer = writer
        self._readers = cycle(readers)
        self._shared = shared
        self._newest = shared.newest
        self._see(revision)
        self._leader: FileLock | None = None
        self._leads = False
        self._changelog = Changelog(revision)
        self._waiting: deque[_Commit] = deque()
        self._committer: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def revision(self) -> int:
        """As ``Store.revision``."""
        return self._newest()

    async def get(self, key: str) -> bytes | None:
        """As ``Reader.get``."""
        return (await self.read(key)).value

    async def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[str]:
        """As ``Reader.list``."""
        return (await self.read_names(prefix, after, limit)).names

    def transaction(self) -> OptimisticTransaction:
        """As ``Storage.transaction``.

        The commit goes on if the waiting task is cancelled. If a flush failed and power was lost before the next
        commit, the file system decides whether the commit happened.
        """
        return OptimisticTransaction(self)

    async def changes(self, since: int) -> Changes:
        """As ``Store.changes``: from memory, if this process made all of them."""
        self._check_open()
        newest = self._changelog.newest
        if since < newest == self._newest():
            keys = self._changelog.since(since)
            if keys is not None:
                return Changes(newest, keys)
        rows = await self._query(
            "SELECT (SELECT min(revision) FROM changes), (SELECT max(revision) FROM changes), changed.key"
            " FROM (SELECT 1) LEFT JOIN changes AS changed ON changed.revision > ?",
            (since,),
        )
        oldest, newest = rows[0][0] or 1, rows[0][1] or 0
        self._see(newest)
        if not oldest - 1 <= since <= newest:
            return Changes(newest, None)
        return Changes(newest, frozenset(key for _, _, key in rows if key is not None))

    async def lead(self) -> bool:
        """As ``Store.lead``. Raises ``Unavailable``."""
        self._check_open()
        if not self._leads:
            try:
                if self._leader is None:
                    self._leader = FileLock(beside(self._path, "-leader"))
                self._leads = self._leader.try_acquire()
            except OSError as error:
                raise locks_fail(self._path, error) from error
        return self._leads

    async def close(self) -> None:
        """As ``Store.close``. Commits that already wait are finished."""
        if self._closed:
            return
        self._closed = True
        if self._committer is not None:
            await asyncio.wait([self._committer])
        await self._opened.aclose()
        if self._leader is not None:
            self._leader.close()

    async def read(self, key: str) -> Entry:
        """The entry at ``key``, with its revision. Raises ``Damaged``, ``Unavailable``."""
        check_key(key)
        ((state, value, written),) = await self._query(READ, (key,))
        if value is not None and not isinstance(value, bytes):
            raise Damaged(f"{key}: the stored value is not bytes")
        return Entry(value, written or 0, self._see(state or 0))

    async def read_names(self, prefix: str, after: str, limit: int | None) -> Names:
        """The list, with the revision at which it was made. Raises ``Damaged``, ``Unavailable``."""
        check_prefix(prefix)
        check_limit(limit)
        if limit == 0:
            return Names([], self._newest())
        rows = await self._query(LIST, list_parameters(prefix, after, limit))
        return Names(names_of(prefix, rows), self._see(rows[0][0] or 0))

    async def commit(self, proposal: Proposal) -> None:
        """Commit ``proposal`` with the next batch. Raises ``Conflict``, ``Damaged``, ``Unavailable``."""
        self._check_open()
        commit = _Commit(proposal, asyncio.get_running_loop().create_future())
        self._waiting.append(commit)
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_waiting())
        await commit.done

    async def _commit_waiting(self) -> None:
        """Commit what waits, batch by batch, until nothing does."""
        try:
            while self._waiting:
                await self._commit_batch([self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))])
        finally:
            self._committer = None

    async def _commit_batch(self, commits: _Commits) -> None:
        running = self._writer.run(self._writer.batch.commit, [commit.proposal for commit in commits])
        await asyncio.wait([running])
        error = running.exception()
        if error is not None:
            for commit in commits:
                commit.fail(fault(error, self._path) if isinstance(error, sqlite3.Error) else error)
            return
        outcomes = running.result()
        for commit, outcome in zip(commits, outcomes, strict=True):
            if outcome > 0:
                self._changelog.add(outcome, commit.proposal.writes)
                self._see(outcome)
        for commit, outcome in zip(commits, outcomes, strict=True):
            if outcome == CONFLICTED:
                commit.fail(Conflict("another commit changed what this transaction had read"))
            else:
                commit.succeed()

    async def _query(self, statement: str, parameters: Any) -> _Rows:
        self._check_open()
        try:
            return list(await next(self._readers).execute_fetchall(statement, parameters))
        except sqlite3.Error as error:
            raise fault(error, self._path) from error

    def _see(self, revision: int) -> int:
        """Tell all processes of ``revision``, before any result read or written at it is returned."""
        self._shared.reach(revision)
        return revision

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")


async def open_sqlite(settings: Mapping[str, str], shared: SharedRevision | None = None) -> SqliteStore:
    """Open the database at ``settings["path"]``, creating it and its folder if need be.

    ``shared`` connects the processes of one server; other servers must not use the database at the same time, which
    ``SqliteOpener.claim`` sees to.

    Raises ``ValueError`` for wrong settings, ``Unavailable`` if it can't be opened or was written by a newer release,
    ``Damaged`` if it is no such database.
    """
    path = database_path(settings)
    create_files(path)
    async with AsyncExitStack() as opened:
        try:
            writer = await _open_writer(path, opened, several=shared is not None)
            readers = [await opened.enter_async_context(_open_reader(path)) for _ in range(_READERS)]
            revision = await writer.run(newest_revision, writer.connection)
        except sqlite3.Error as error:
            raise fault(error, path) from error
        if shared is None:
            shared = SharedRevision(SharedSlots(1), 0)
        return SqliteStore(path, opened.pop_all(), writer, readers, revision, shared)


async def _open_writer(path: Path, opened: AsyncExitStack, *, several: bool) -> _Writer:
    thread = ThreadPoolExecutor(1, "storage-commit")
    opened.callback(thread.shutdown)
    connection = await asyncio.get_running_loop().run_in_executor(thread, open_writer, path)
    turn: FileLock | None = None
    if several:
        try:
            turn = FileLock(beside(path, "-commit"))
        except OSError as error:
            raise locks_fail(path, error) from error
        opened.callback(turn.close)
    writer = _Writer(thread, connection, Batch(connection, turn))
    opened.push_async_callback(writer.close)
    return writer


@asynccontextmanager
async def _open_reader(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(path, timeout=BUSY_SECONDS, isolation_level=None) as reader:
        await reader.execute_fetchall("PRAGMA query_only = ON")
        yield reader
