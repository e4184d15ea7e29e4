"""Looking things up in the log of a running server: status, files, proofs and queries, each in bounded time.

The work is done in a thread of its own, with a pause after each bundle, so that requests don't wait for it. What is
answered is read anew and proven against the checkpoint; nothing else is believed.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import orjson

from engines.faults import Failed, NotFound, NotYet, Unavailable
from server.audit.ledger.device.directory import CHECKPOINT, POLICY, LedgerDirectory
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.log.frames import Frames, SegmentReader
from server.audit.ledger.log.notes import MAX_NOTE_BYTES
from server.audit.ledger.log.policy import MAX_POLICY_BYTES
from server.audit.ledger.log.tiles import ENTRIES, MAX_BUNDLE_BYTES, WIDTH, BadTile, parse_tile_path, tile_in
from server.audit.ledger.offline.prove import Proved, prove_entry
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.query import Answer, Query, find
from server.audit.ledger.offline.sources import BadFile, DirectorySource, Unreadable

T = TypeVar("T")

WORK_SECONDS = 3.0
"""The most seconds of one look-up. A query then says how far it has come."""

MAX_WAITING = 8
"""The most look-ups that wait for their turn in one process."""

MAX_PENDING_ENTRIES = 1_000_000
"""From how many on entries that aren't integrated yet are no longer counted."""

_LARGE = re.compile(r"large/[0-9a-f]{64}")
_MAX_LARGE_BYTES = 64 * 1024 * 1024
_threads = ThreadPoolExecutor(1, thread_name_prefix="audit-ledger-lookup")
_waiting = 0


async def look_up(work: Callable[[], T]) -> T:
    """The result of ``work``, after earlier ones. Raises ``Unavailable`` if too many wait."""
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Unavailable("too many look-ups in the audit ledger at once; try again later")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A file of the log, as it is served."""

    content_type: str
    content: bytes


def read_file(path: Path, name: str) -> LedgerFile:
    """A file of the log at ``path``. Raises ``NotFound`` for what isn't there, and for names that are none of a log."""
    plain = {CHECKPOINT: MAX_NOTE_BYTES, POLICY: MAX_POLICY_BYTES}
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
        raise NotFound
    return LedgerFile("text/plain; charset=utf-8" if name in plain else "application/octet-stream", content)


def pending_entries(path: Path, state: LedgerState) -> int:
    """The number of journal entries that aren't integrated yet."""
    return sum(len(entries) for entries in _pending(LedgerDirectory(path), state))


def prove(path: Path, state: LedgerState, request_id: str, pruned: int) -> list[Proved]:
    """The proofs of a request's entries, the request's first; those below ``pruned`` are gone.

    Raises ``NotYet`` if they aren't in the tree yet, ``NotFound`` if there are none.
    """
    needle = orjson.dumps(request_id)
    with _proven(path) as log:
        found = _find_request(log, request_id, needle, pruned)
        if found:
            return [Proved(kind, index, entry, prove_entry(log, index, entry)) for index, kind, entry in found]
    for entries in _pending(LedgerDirectory(path), state):
        if any(needle in entry and _is_of(entry, request_id) for entry in entries):
            raise NotYet("the entries of this request are not in the tree yet", retry_after_seconds=1)
    raise NotFound("the audit ledger has no entries of this request")


def answer_query(path: Path, query: Query, first: int, limit: int) -> tuple[Answer, int]:
    """The matches of ``query`` from entry ``first`` on, as far as time allows, and the size of the log."""
    end = time.monotonic() + WORK_SECONDS
    answer = Answer([], first)
    with _proven(path) as log:
        for so_far in _paced(find(log, query, first, limit)):
            answer = so_far
            if time.monotonic() > end:
                break
        return answer, log.checkpoint.size


def _find_request(log: ProvenLog, request_id: str, needle: bytes, pruned: int) -> list[tuple[int, str, bytes]]:
    """Index, type and text of a request's entries, sought from the newest bundle on, each proven."""
    end = time.monotonic() + WORK_SECONDS
    size = log.checkpoint.size
    found: list[tuple[int, str, bytes]] = []
    for number in _paced(iter(range((size - 1) // WIDTH, pruned // WIDTH - 1, -1))):
        content = log.source.read(tile_in(ENTRIES, number, size).path, MAX_BUNDLE_BYTES)
        if content is None or needle in content:
            for index, entry in enumerate(log.bundle(number), number * WIDTH):
                if needle in entry and (kind := _is_of(entry, request_id)):
                    found.append((index, kind, entry))
        if any(kind == "request" for _, kind, _ in found):
            break
        if time.monotonic() > end:
            raise Unavailable("the search takes too long; ask sys/audit-ledger/query, which goes on by a cursor")
    return sorted(found)


def _is_of(entry: bytes, request_id: str) -> str:
    """The type of an entry of this request; ``""`` if it is another's."""
    try:
        members = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return ""
    request = members.get("request") if isinstance(members, dict) else None
    return str(members.get("type")) if isinstance(request, dict) and request.get("id") == request_id else ""


def _pending(directory: LedgerDirectory, state: LedgerState) -> Iterator[list[bytes]]:
    """The entries of the journal behind ``state``, up to ``MAX_PENDING_ENTRIES`` or so."""
    offset, count = state.offset, 0
    for segment in directory.segments():
        if segment < state.segment:
            continue
        descriptor = os.open(directory.segment(segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            reader = SegmentReader(_read_at(descriptor), offset, sealed=False)
            while count < MAX_PENDING_ENTRIES and (part := reader.read()) is not None:
                if isinstance(part, Frames):
                    count += len(part.entries)
                    yield part.entries
        finally:
            os.close(descriptor)
        offset = 0


def _read_at(descriptor: int) -> Callable[[int, int], bytes]:
    return lambda size, at: os.pread(descriptor, size, at)


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
def _proven(path: Path) -> Iterator[ProvenLog]:
    """The log, proven against its checkpoint. Raises ``NotFound`` if there is none yet."""
    with _source(path) as source:
        if source.read(CHECKPOINT, MAX_NOTE_BYTES) is None:
            raise NotYet("the audit ledger has no checkpoint yet", retry_after_seconds=1)
        yield ProvenLog(source)
