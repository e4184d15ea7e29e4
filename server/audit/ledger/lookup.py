"""Look-ups in the log of a running server: status, files, proofs and queries, each in bounded time.

The work is done in a thread of its own (``turns``), with a pause after each bundle, so that requests don't wait for it.
What is answered is read anew and proven against the checkpoint; nothing else is believed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engines.faults import Failed, InvalidRequest, NotFound, NotYet, Unavailable
from server.audit.ledger.asked import AskedLog
from server.audit.ledger.device.directory import CHECKPOINT, KEPT, POLICY
from server.audit.ledger.index.search import Indexes, between, find_indexed, find_request, is_of
from server.audit.ledger.index.tail import Tails
from server.audit.ledger.log.notes import MAX_NOTE_BYTES
from server.audit.ledger.log.policy import MAX_POLICY_BYTES
from server.audit.ledger.log.tiles import MAX_BUNDLE_BYTES, BadTile, parse_tile_path
from server.audit.ledger.offline.prove import Proved, prove_entry
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.query import Answer, Query
from server.audit.ledger.offline.rotations import newest_kept
from server.audit.ledger.offline.sources import BadFile, DirectorySource, Unreadable

T = TypeVar("T")

WORK_SECONDS = 3.0
"""The most seconds of one look-up. A query then says how far it has come."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""From how many bytes of entries on a query goes no further."""

_tails = Tails()
"""Used by the thread of look-ups alone."""

_NO_ENTRIES = "the audit ledger has no entries of this request"
_LARGE = re.compile(r"large/[0-9a-f]{64}")
_KEPT_ONE = re.compile(KEPT + r"/[0-9]{1,19}")
_TEXT = "text/plain; charset=utf-8"
_MAX_LARGE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A file of the log, as it is served."""

    content_type: str
    content: bytes


def read_file(path: Path, name: str) -> LedgerFile:
    """A file of the log at ``path``.

    Raises ``NotYet`` before the log's first checkpoint is published, ``NotFound`` for other files that aren't there,
    and for names that are none of a log.
    """
    plain = {CHECKPOINT: MAX_NOTE_BYTES, POLICY: MAX_POLICY_BYTES}
    if name == KEPT:
        return LedgerFile(_TEXT, _kept_list(path))
    if _KEPT_ONE.fullmatch(name):
        plain[name] = MAX_NOTE_BYTES
    if name in plain:
        limit = plain[name]
    elif _LARGE.fullmatch(name):
        limit = _MAX_LARGE_BYTES
    else:
        try:
            parse_tile_path(name)
        except BadTile:
            raise NotFound from None
        limit = MAX_BUNDLE_BYTES
    with _source(path) as source:
        content = source.read(name, limit)
    if content is None:
        raise _no_checkpoint() if name in (CHECKPOINT, POLICY) else NotFound()
    return LedgerFile(_TEXT if name in plain else "application/octet-stream", content)


def _kept_list(path: Path) -> bytes:
    """The sizes of the checkpoints that the log has kept, a line each: with them, a policy of old keys is followed."""
    with _source(path) as source:
        return "".join(f"{name}\n" for name in newest_kept(source)).encode()


def pending_entries(log: AskedLog) -> int:
    """The number of entries that are written, and not in the log yet."""
    return sum(len(entries) for entries in log.pending())


def prove(log: AskedLog, request_id: str, index_key: bytes) -> list[Proved]:
    """The proofs of a request's entries, the request's first; those that were pruned are gone.

    Raises ``NotYet`` if they aren't in the tree yet, ``NotFound`` if there are none.
    """
    if not (request_id.isascii() and request_id.isprintable()):
        raise NotFound(_NO_ENTRIES)
    if log.begun:
        with _indexed(log.path, index_key) as indexes:
            found = _sought(indexes, request_id, log.pruned)
            if found:
                return [Proved(kind, at, entry, prove_entry(indexes.proven, at, entry)) for at, kind, entry in found]
            _raise_if_pending(log.behind(indexes.proven.source.read, indexes.proven.checkpoint.size), request_id)
    else:
        _raise_if_pending(log.pending(), request_id)
    raise NotFound(_NO_ENTRIES)


def _sought(indexes: Indexes, request_id: str, first: int) -> list[tuple[int, str, bytes]]:
    """Index, type and text of a request's entries from ``first`` on."""
    end = time.monotonic() + WORK_SECONDS
    found: list[tuple[int, str, bytes]] = []
    for so_far in _paced(find_request(indexes, request_id, first)):
        found = so_far
        if time.monotonic() > end:
            raise Unavailable("the search takes too long; ask sys/audit-ledger/query, which goes on by a cursor")
    return found


def _raise_if_pending(parts: Iterator[list[bytes]], request_id: str) -> None:
    for entries in parts:
        if any(is_of(entry, request_id) for entry in entries):
            raise NotYet("the entries of this request are not in the tree yet", retry_after_seconds=1)


def answer_query(path: Path, query: Query, first: int, limit: int, index_key: bytes) -> tuple[Answer, int]:
    """The matches of ``query`` from entry ``first`` on, as far as time allows, and the size of the log.

    Raises ``InvalidRequest`` if the log has no such entry.
    """
    end = time.monotonic() + WORK_SECONDS
    answer = Answer([], first)
    with _indexed(path, index_key) as indexes:
        size = indexes.proven.checkpoint.size
        if first > size:
            raise InvalidRequest(f"the audit ledger has {size} entries; cursor is the cursor of an earlier answer")
        for so_far in _paced(find_indexed(indexes, query, first, limit)):
            answer = so_far
            if time.monotonic() > end or sum(len(hit.entry) for hit in answer.hits) > MAX_ANSWER_BYTES:
                break
        return answer, size


@contextmanager
def opened_record(
    path: Path, index_key: bytes, first: int, after: int | None, before: int | None
) -> Iterator[Iterator[list[bytes]]]:
    """The entries of about this time, in parts; see ``between``. Raises ``NotYet``, and ``Failed`` within the block."""
    with _indexed(path, index_key) as indexes:
        yield between(indexes, first, after, before)


def _paced(steps: Iterator[T]) -> Iterator[T]:
    """``steps``, with a pause after each that is as long as it took: half the time is left to requests."""
    while True:
        began = time.monotonic()
        try:
            step = next(steps)
        except StopIteration:
            return
        yield step
        time.sleep(min(time.monotonic() - began, 0.05))


@contextmanager
def _source(path: Path) -> Iterator[DirectorySource]:
    """The directory's files. Raises ``Failed`` for what can't be read, here and within the block."""
    try:
        source = DirectorySource(path)
        try:
            yield source
        finally:
            source.close()
    except (Unreadable, NotProven, BadFile, OSError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise Failed(f"the audit ledger can't be read: {words}", wrapped=False) from error


@contextmanager
def _indexed(path: Path, index_key: bytes) -> Iterator[Indexes]:
    """The log, proven against its checkpoint, with its indexes. Raises ``NotYet`` if it has none yet."""
    with _source(path) as source:
        if source.read(CHECKPOINT, MAX_NOTE_BYTES) is None:
            raise _no_checkpoint()
        yield Indexes(source, ProvenLog(source), index_key, _tails)


def _no_checkpoint() -> NotYet:
    """A log is remembered before its first checkpoint is written."""
    return NotYet("the audit ledger has no checkpoint yet", retry_after_seconds=1)
